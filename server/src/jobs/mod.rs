//! What the server does by itself, by the calendar: closes registers on time, begins each day, ends what was N for too long,
//! looks at each file, and removes what is over six years old where it may.
//!
//! Must never: poll. The next moment is computed from the calendar, and looked at again when the clock was stepped.

mod close;
mod day;
mod look;
mod overdue;
mod removal;

pub use close::{close_due, next_close};
pub use day::begin_day;
pub use overdue::end_overdue;
pub use removal::remove_when_due;

use crate::auth::session::{self, Sessions};
use crate::state::App;
use crate::store::{School, StoreError};
use chrono::{Days, NaiveTime};
use shared::time::Millis;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// After an accident of the store the job tries again so much later, in milliseconds of its clock.
const AGAIN_MS: i64 = 20_000;
const SWEEP: Duration = Duration::from_secs(3600);

/// Runs the jobs of every school until the server stops.
pub async fn run(app: App, sessions: Option<Sessions>) {
    let mut each = JoinSet::new();
    for school in app.stores.all() {
        each.spawn(look::of_school(app.clone(), Arc::clone(&school)));
        each.spawn(of_school(app.clone(), school));
    }
    if let Some(sessions) = sessions {
        each.spawn(sweep(app.clone(), sessions));
    }
    while let Some(ended) = each.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a job ended with a panic; the others go on");
        }
    }
}

async fn of_school(mut app: App, school: Arc<School>) {
    while !*app.stopping.borrow() {
        let clock = app.clock.clone();
        let done = school.write(move |tx| due(tx, clock.now())).await;
        let next = match done {
            Ok((closed, next)) => {
                if closed > 0 {
                    tracing::info!(school = school.slug(), registers = closed, "registers closed");
                }
                next
            }
            Err(StoreError::Stopped) => return,
            Err(error) => {
                tracing::error!(school = school.slug(), %error, "the close job failed; it will try again");
                app.clock.now().at.plus(AGAIN_MS)
            }
        };
        match remove_when_due(&school, &app.clock).await {
            Ok(went) if !went.is_nothing() => tracing::info!(school = school.slug(), %went, "removed after six years"),
            Ok(_) => {}
            Err(error) => tracing::error!(school = school.slug(), %error, "what is over six years old was not removed"),
        }
        while app.clock.now().at < next {
            tokio::select! {
                () = tokio::time::sleep(app.clock.delay(next)) => {}
                _ = app.stopping.changed() => return,
            }
        }
    }
}

/// Does everything that is due: how many registers were closed, and when there is something to do again.
///
/// # Errors
/// An accident of the store; then nothing was done.
pub fn due(tx: &crate::store::WriteTx<'_>, now: crate::clock::Now) -> Result<(usize, Millis), StoreError> {
    begin_day(tx, now)?;
    let closed = close_due(tx, now)?;
    end_overdue(tx, now)?;
    Ok((closed, next(tx, now.at)?))
}

/// The next moment with something to do: a register closes, or a day begins.
fn next(tx: &crate::store::WriteTx<'_>, now: Millis) -> Result<Millis, StoreError> {
    let calendar = tx.calendar()?;
    let tomorrow = calendar.date_of(now) + Days::new(1);
    let begins = calendar.instant(tomorrow.and_time(NaiveTime::MIN)).plus(60_000);
    Ok(next_close(&calendar, now).map_or(begins, |closes| closes.min(begins)))
}

async fn sweep(mut app: App, sessions: Sessions) {
    loop {
        if let Err(error) = session::sweep(&sessions).await {
            tracing::warn!(%error, "old log-ins were not swept");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP) => {}
            _ = app.stopping.changed() => return,
        }
    }
}

#[cfg(test)]
mod tests;
