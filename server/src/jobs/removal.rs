//! Removal after six years by itself, where the headteacher has said so: once a week, at night.
//!
//! Must never: run in the hours in which registers are taken.

use crate::clock::Clock;
use crate::removal::{self, Went};
use crate::store::{School, StoreError};
use chrono::Timelike;
use std::sync::Arc;

const WEEK_MS: i64 = 7 * 86_400_000 - 3_600_000;

/// Removes what is due, if it is time.
///
/// # Errors
/// An accident of the store.
pub async fn remove_when_due(school: &Arc<School>, clock: &Clock) -> Result<Went, StoreError> {
    let clock = clock.clone();
    let went = school
        .write(move |tx| {
            let now = clock.now();
            let Some(set_by) = removal::by_itself(tx)? else { return Ok(Went::default()) };
            let hour = tx.calendar()?.local(now.at).hour();
            let lately = removal::last_look(tx)?.is_some_and(|at| now.at.since(at) < WEEK_MS);
            // What rests on a clock that nobody has checked is not removed.
            if lately || !now.sure || (6..19).contains(&hour) {
                return Ok(Went::default());
            }
            removal::remove(tx, now, &removal::rule(&set_by)?)
        })
        .await?;
    if !went.is_nothing() {
        let swept = Arc::clone(school);
        tokio::task::spawn_blocking(move || removal::sweep(&swept)).await.map_err(|_| StoreError::Panicked)??;
    }
    Ok(went)
}
