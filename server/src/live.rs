//! Live pages: what a page shows is rendered again after every commit of its school, and pushed if it changed.
//!
//! Must never: outlive the log-in behind it, or push to somebody what their role would not be shown on the page.

use crate::auth::{self, Actor, session};
use crate::error::Error;
use crate::look::{self, Look, Shown};
use crate::office::calls::{self as home, Choose as Day};
use crate::office::roll_call as roll;
use crate::office::today::{self, Choose};
use crate::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::Uri;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use chrono::NaiveDate;
use shared::id::PupilId;
use shared::time::Millis;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tower_sessions::Session;

/// Changes closer together than this are pushed once: thirty taps make one picture.
const SETTLE: Duration = Duration::from_millis(300);
/// The clock on the page moves without a commit.
const TICK: Duration = Duration::from_secs(10);
/// What is sent when there is nothing new, so that a page can tell silence from a cut: at least once in each [`TICK`].
const BEAT: &str = "beat";
/// A connection ends after this; the page opens a new one and passes the gate again.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Whether a request was made by a page and not by a person: it keeps no session alive.
#[must_use]
pub fn by_itself(uri: &Uri) -> bool {
    uri.path().starts_with("/live/")
}

/// `GET /live/today?date&half`: the fragment of the Today page at once, and again after each change.
pub async fn today(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    session: Session,
    choose: Result<Query<Choose>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let page = Page::Today(today::chosen(choose)?);
    stream(app, actor, session, page).await
}

/// `GET /live/roll-call`: the same for the roll call.
pub async fn roll_call(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    session: Session,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    stream(app, actor, session, Page::RollCall).await
}

/// `GET /live/calls?date`: the same for the calls home.
pub async fn calls(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    session: Session,
    choose: Result<Query<Day>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let page = Page::Calls(home::chosen(choose)?.date);
    stream(app, actor, session, page).await
}

/// A page that changes by itself.
#[derive(Debug, Clone, Copy)]
enum Page {
    Today(Choose),
    RollCall,
    Calls(Option<NaiveDate>),
}

impl Page {
    async fn fragment(self, app: &App, actor: &Actor) -> Result<String, Error> {
        match self {
            Self::Today(choose) => {
                let now = app.clock.now();
                let (text, shown) = today::fragment(actor, now, choose).await?;
                note(actor, "/today", shown, now.at).await?;
                Ok(text)
            }
            Self::RollCall => roll::fragment(actor, app.clock.now()).await,
            Self::Calls(date) => {
                let now = app.clock.now();
                let (text, shown) = home::fragment(actor, now, date).await?;
                note(actor, "/calls", shown, now.at).await?;
                Ok(text)
            }
        }
    }
}

/// Who comes onto a page while it stands open was looked at too.
async fn note(actor: &Actor, page: &'static str, shown: Vec<PupilId>, now: Millis) -> Result<(), Error> {
    if let Some(look) = Look::list(page, &Shown(shown)) {
        look::note(actor, look, now).await?;
    }
    Ok(())
}

async fn stream(
    app: App,
    actor: Actor,
    session: Session,
    page: Page,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let who = session::who(&session).await?.ok_or(Error::Forbidden)?;
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(async move {
        // The receiver goes when the browser does; then `tell` fails or `closed` fires, and this ends.
        if tokio::time::timeout(LONGEST, push(app, actor, who, page, tell)).await.is_err() {
            tracing::debug!("a live page is asked to connect again");
        }
    });
    let events = ReceiverStream::new(told).map(|news: Option<String>| {
        Ok(match news {
            // A carriage return would end a line of the event.
            Some(text) => Event::default().data(text.replace('\r', " ")),
            None => Event::default().event(BEAT),
        })
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

async fn push(app: App, mut actor: Actor, who: session::Who, page: Page, tell: mpsc::Sender<Option<String>>) {
    let mut changes = actor.school.changes();
    let mut stopping = app.stopping.clone();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await; // the first one is at once
    let mut shown = String::new();
    loop {
        changes.mark_unchanged();
        match page.fragment(&app, &actor).await {
            Ok(text) => {
                let news = (text != shown).then_some(text);
                if let Some(text) = &news {
                    shown.clone_from(text);
                }
                if tell.send(news).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::error!(%error, "a live page could not be drawn");
                return;
            }
        }
        let changed = tokio::select! {
            () = tell.closed() => return,
            () = stopped(&mut stopping) => return,
            changed = changes.changed() => changed,
            _ = tick.tick() => Ok(()),
        };
        if changed.is_err() {
            return;
        }
        tokio::time::sleep(SETTLE).await;
        // Whoever was disabled, or has another role now, sees no more of it.
        match auth::actor(&app.stores, &who, actor.csrf.clone()).await {
            Ok(Some(now)) if now.role == actor.role && now.school.id() == actor.school.id() => actor = now,
            _ => return,
        }
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever would say so is gone: that is the end too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests;
