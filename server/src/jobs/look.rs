//! Looking at a school's whole file: at the start of the server, and once a day. What a page of it holds may have changed
//! under everybody's hands, and nobody would read it for years.
//!
//! Must never: mend, or stop the school: what can be read is served.

use crate::check;
use crate::state::App;
use crate::store::{School, StoreError};
use std::sync::Arc;

const DAY_MS: i64 = 24 * 3_600_000;

/// Looks, until the server stops.
pub async fn of_school(mut app: App, school: Arc<School>) {
    while !*app.stopping.borrow() {
        match school.read(|tx| check::school(tx)).await {
            Ok(found) => {
                let more = match found.wrong.len() {
                    0 | 1 => String::new(),
                    n => format!(", and {} more", n - 1),
                };
                let damage = found.wrong.first().map(|first| format!("{first}{more}"));
                if let Some(damage) = &damage {
                    tracing::error!(school = school.slug(), %damage, "the school's file is damaged");
                }
                school.looked_at(damage);
            }
            Err(StoreError::Stopped) => return,
            Err(error) => {
                tracing::error!(school = school.slug(), %error, "the school's file could not be looked at");
                if error.is_damage() {
                    school.looked_at(Some(format!("it cannot be read through ({error})")));
                }
            }
        }
        let next = app.clock.now().at.plus(DAY_MS);
        while app.clock.now().at < next {
            tokio::select! {
                () = tokio::time::sleep(app.clock.delay(next)) => {}
                _ = app.stopping.changed() => return,
            }
        }
    }
}
