//! How a kiosk gets its school: it shows a code, a person types it in the office page and compares the check word, and
//! the kiosk's poll receives a token and the server's key to pin.
//!
//! Must never: go on with a key other than the one it met first, or say the token.

use crate::clock::Clock;
use crate::store::kept::{self, Enrolled, Token};
use crate::store::{Store, StoreError, Transaction, log};
use crate::sync::http::{Http, NoAnswer};
use crate::sync::tls::{Met, Pins};
use sha2::{Digest, Sha256};
use shared::log::Hash;
use shared::observation::{Notice, Observation, Observed};
use shared::text::Text;
use shared::time::Reading;
use shared::wire::check_word;
use shared::wire::v1::{EnrolPoll, EnrolRequest, EnrolWish, Enrolment, ProblemCode};
use std::time::Duration;

/// Between two polls.
const POLL: Duration = Duration::from_secs(1);
/// After an answer that asks for patience, and after no answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to show meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// IT types this code and compares this word.
    Code {
        /// As `K7QX-4M2P`.
        code: String,
        /// Five letters.
        check_word: String,
    },
    /// Something is in the way; the kiosk tries on, and a code that was shown still stands.
    Trouble(String),
    /// The code does not stand any more, for this reason; another follows.
    Anew(String),
}

/// Why there is no school.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Somebody said no, or nobody typed the code in time.
    #[error("the code was refused or has lapsed: begin again")]
    Refused,
    /// The server's key is not the one it showed at first.
    #[error(
        "the server's key changed during the enrolment: somebody may stand between the kiosk and the server. Ask IT"
    )]
    InTheMiddle,
    /// The server's key is not the one on the kiosk's card.
    #[error(
        "the server at this address has another key than rollbook.toml says: correct its line `key`, or its `server`"
    )]
    NotTheCards,
    /// No answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandom,
}

/// Whom a kiosk asks for a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// `https://…`
    pub server: String,
    /// Its key, if this kiosk was enrolled there before or has it on its card: another one is not that server.
    pub known: Option<Hash>,
    /// What stands on its card.
    pub wish: Option<EnrolWish>,
}

impl From<String> for Door {
    fn from(server: String) -> Self {
        Self { server, known: None, wish: None }
    }
}

/// One enrolment, from the request to the answer. Tries on through missing answers.
///
/// # Errors
/// [`EnrolError`].
pub async fn enrol(
    store: &Store,
    clock: Clock,
    door: &Door,
    mut tell: impl FnMut(Step),
) -> Result<Enrolled, EnrolError> {
    let server = door.server.as_str();
    let mut nonce = [0; 32];
    crate::random::fill(&mut nonce).map_err(|_| EnrolError::NoRandom)?;
    let met = door.known.map_or_else(Met::default, Met::before);
    let http = Http::new(server, Pins::First(met.clone()), None)?;
    let request = EnrolRequest { commit: Hash(Sha256::digest(nonce).into()), app: app() };
    let ticket = loop {
        match http.enrol_request(&request).await {
            // A whole box of kiosks behind one address: they take turns.
            Err(busy @ NoAnswer::Problem { code: ProblemCode::SlowDown, .. }) => tell(Step::Trouble(busy.to_string())),
            Err(NoAnswer::WrongKey) if door.wish.is_some() => return Err(EnrolError::NotTheCards),
            answered => break answered?,
        }
        tokio::time::sleep(PATIENCE).await;
    };
    let pin = met.pin().ok_or(EnrolError::InTheMiddle)?;
    let code = ticket.code.to_string();
    // Shown after the first poll, which opens the commitment: before it, the office page has no words to compare.
    let mut shown = Some(Step::Code { check_word: check_word(pin, &nonce, &code), code });
    let nonce = Text::new(&crate::hex::text(&nonce)).unwrap_or_default();
    let mut wish = door.wish.clone();
    if let (Some(wish), None) = (&mut wish, door.known) {
        wish.code = None; // not to a server that anybody could be
    }
    let mut poll = EnrolPoll { ticket: ticket.ticket, nonce, wish };
    loop {
        let answer = http.enrol_poll(&poll).await;
        if let Some(code) = shown.take() {
            tell(code);
        }
        let wait = match answer {
            Ok(Enrolment::Waiting) => POLL,
            Ok(Enrolment::Refused) => return Err(EnrolError::Refused),
            Ok(Enrolment::Granted { kiosk, school, room, mode: _, token, pin: told, next_pin }) => {
                if told != pin {
                    return Err(EnrolError::InTheMiddle);
                }
                let enrolled = Enrolled {
                    kiosk,
                    school,
                    room: room.to_string(),
                    server: server.to_owned(),
                    token: Token(token.to_string()),
                    pin,
                    next_pin,
                };
                let keep = enrolled.clone();
                let at = clock.reading();
                store.write_soon(move |tx| become_somebody(tx, &keep, at)).await?;
                return Ok(enrolled);
            }
            Err(NoAnswer::WrongKey) => return Err(EnrolError::InTheMiddle),
            Err(NoAnswer::Problem { code: ProblemCode::SlowDown, .. }) => PATIENCE,
            // The code on its card is of no use; its own still is.
            Err(NoAnswer::Problem { code: ProblemCode::NotEnrolled, title }) if poll.wish.is_some() => {
                poll.wish = None;
                tell(Step::Trouble(title));
                POLL
            }
            Err(error @ NoAnswer::Unreachable(_)) => {
                tell(Step::Trouble(error.to_string()));
                PATIENCE
            }
            Err(other) => return Err(other.into()),
        };
        tokio::time::sleep(wait).await;
    }
}

/// Keeps what enrolment gave. A kiosk that was another before goes on in a new log, with everything that it keeps: its log
/// belongs to the one it was.
fn become_somebody(tx: &Transaction<'_>, enrolled: &Enrolled, at: Reading) -> Result<(), StoreError> {
    let before = kept::enrolled(tx)?;
    kept::enrol(tx, enrolled)?;
    if before.is_some_and(|before| before.kiosk != enrolled.kiosk) {
        let what = Observation::Noticed { notice: Notice::LogBegunAnew };
        let first = log::first_kept(tx)?;
        log::begin_anew(tx, first, &Observed { at, by: None, what, origin: None })?;
    }
    Ok(())
}

/// Enrols until it succeeds: what the window does. A refused code is followed by a new one.
///
/// # Errors
/// [`EnrolError::Store`] and [`EnrolError::NoRandom`] only.
pub async fn enrol_patiently(
    store: &Store,
    clock: Clock,
    door: &Door,
    mut tell: impl FnMut(Step),
) -> Result<Enrolled, EnrolError> {
    loop {
        match enrol(store, clock, door, &mut tell).await {
            Err(error @ (EnrolError::Store(_) | EnrolError::NoRandom)) => return Err(error),
            Err(error) => tell(Step::Anew(error.to_string())),
            done @ Ok(_) => return done,
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

/// This program's version, as the wire has it.
#[must_use]
pub fn app() -> Text<40> {
    Text::new(env!("CARGO_PKG_VERSION")).unwrap_or_default()
}
