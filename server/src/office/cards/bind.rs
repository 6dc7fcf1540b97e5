//! What is done with one card, for pupils and staff alike: bound to somebody, marked lost; and the cards that somebody has.
//!
//! Must never: show a card's number, or take a card from whoever holds it.

use crate::auth::Actor;
use crate::card::{self, Bound, CardHash, Holder, Number};
use crate::error::Error;
use crate::feed;
use crate::office::entry::found;
use crate::office::words;
use crate::state::App;
use crate::store::StoreError;
use rusqlite::Connection;
use shared::calendar::Calendar;

/// A card of somebody, as their page shows it.
pub struct CardLine {
    /// Names it in a form.
    pub hash: CardHash,
    /// "since 3 Sep 2026"
    pub since: String,
    /// "lost on 20 Nov 2026"
    pub lost: Option<String>,
}

/// What the form of a card brings: a number, or a card that a kiosk saw.
#[derive(serde::Deserialize)]
pub struct BindForm {
    #[serde(default)]
    number: String,
    /// The keyed hash of a card that a kiosk saw.
    #[serde(default)]
    pub card: String,
}

/// What the button "lost" brings.
#[derive(serde::Deserialize)]
pub struct LostForm {
    #[serde(default)]
    card: String,
}

/// What came of an act with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Bound.
    Bound,
    /// It was theirs already.
    Already,
    /// It had been lost, and is in use again.
    Found,
    /// Marked lost.
    Lost,
}

impl Said {
    /// In an address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Already => "already",
            Self::Found => "found",
            Self::Lost => "lost",
        }
    }
}

/// The words for an act with a card; none for any other.
#[must_use]
pub fn bound_words(done: &str) -> &'static str {
    match done {
        "bound" => "The card is bound. Kiosks learn it at their next exchange.",
        "already" => "This card was theirs already. Nothing changed.",
        "found" => "This card had been marked lost, and is in use again.",
        "lost" => "The card is marked lost. It opens nothing from the kiosks' next exchange.",
        _ => "",
    }
}

/// A card as a form names it.
pub enum Brought {
    /// Typed, or by a reader.
    Number(Number),
    /// One that a kiosk saw.
    Seen(CardHash),
}

/// The card of a form.
///
/// # Errors
/// [`Error::BadInput`] with what to do.
pub fn number(form: &BindForm) -> Result<Brought, Error> {
    if let Some(hash) = CardHash::new(&form.card) {
        return Ok(Brought::Seen(hash));
    }
    Number::new(&form.number).map(Brought::Number).ok_or_else(|| {
        Error::BadInput(
            "A card's number is 1 to 20 digits. Go back, put the cursor into the field, and hold the card to the reader, \
             or type the number that is printed on it."
                .to_owned(),
        )
    })
}

/// Binds a card for somebody of the office who holds it, and tells the kiosks.
///
/// # Errors
/// [`StoreError::Refused`] when it is somebody else's.
pub async fn bind(app: &App, actor: &Actor, brought: Brought, holder: Holder) -> Result<Said, Error> {
    let (now, by) = (app.clock.now(), actor.officer());
    let done = actor.school.write(move |tx| {
        let hash = match brought {
            Brought::Number(number) => number.keyed(tx)?,
            Brought::Seen(hash) => hash,
        };
        let said = match card::bind(tx, now, &by, &hash, holder, true)? {
            Bound::New => Said::Bound,
            Bound::Already => return Ok(Said::Already),
            Bound::Found | Bound::Lost => Said::Found,
            Bound::Taken(other) => {
                let name = other.name(tx)?.unwrap_or_default();
                return Err(StoreError::Refused(format!(
                    "This card is {name}'s. If it changes hands, mark it lost there first, then bind it here."
                )));
            }
        };
        feed::refresh_roster(tx, now)?;
        Ok(said)
    });
    let said = done.await?;
    match holder {
        Holder::Pupil(pupil) => tracing::info!(account = actor.account, %pupil, done = said.word(), "a card"),
        Holder::Staff(staff) => tracing::info!(account = actor.account, %staff, done = said.word(), "a card"),
    }
    Ok(said)
}

/// Marks a card lost, and tells the kiosks.
///
/// # Errors
/// [`Error::NotFound`] when it is not theirs, or lost already.
pub async fn lose(app: &App, actor: &Actor, form: &LostForm, holder: Holder) -> Result<(), Error> {
    let hash = CardHash::new(&form.card)
        .ok_or_else(|| Error::BadInput("Say which card was lost. Go back and press its button.".to_owned()))?;
    let (now, by) = (app.clock.now(), actor.officer());
    let lost = actor.school.write(move |tx| {
        let lost = card::lose(tx, now, &by, &hash, holder)?;
        if lost {
            feed::refresh_roster(tx, now)?;
        }
        Ok(lost.then_some(()))
    });
    found(lost.await?)?;
    tracing::info!(account = actor.account, "a card was marked lost");
    Ok(())
}

/// Somebody's cards as their page shows them.
///
/// # Errors
/// An accident of the store.
pub fn cards_of(c: &Connection, calendar: &Calendar, holder: Holder) -> Result<Vec<CardLine>, StoreError> {
    let day = |at| words::full_day(calendar.date_of(at));
    let line = |card: card::Card| CardLine {
        hash: card.hash,
        since: format!("since {}", day(card.bound_at)),
        lost: card.lost_at.map(|at| format!("lost on {}", day(at))),
    };
    Ok(card::of(c, holder)?.into_iter().map(line).collect())
}
