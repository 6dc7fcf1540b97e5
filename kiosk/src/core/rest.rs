//! When nobody is at school the screen rests: dark, with a clock that moves about, so that nothing burns in and no classroom
//! glows at night. A touch or a card wakes it.
//!
//! Must never: rest while somebody is at the screen, while a school day or a roll call runs, or on a time that nobody knows.

use super::model::{Model, Stage};
use super::screen::Resting;
use super::view::{clock, fault, today};
use super::words;

/// Untouched for so long.
const UNTOUCHED_MS: i64 = 5 * 60_000;
/// So long before the first session and after the last somebody may come.
const AROUND_MS: i64 = 60 * 60_000;
/// Places of the clock.
pub const PLACES: u8 = 12;

/// The dark screen, if this is the time for it.
pub(super) fn resting(model: &Model) -> Option<Resting> {
    let seen = model.seen.filter(|s| s.trusted)?;
    let now = seen.best()?;
    let untouched = model.touched.is_none_or(|at| seen.reading.mono.0.saturating_sub(at.0) >= UNTOUCHED_MS);
    let day = model.book.days.get(&model.book.local(now).date());
    let busy = day.is_some_and(|day| match (day.sessions.first(), day.sessions.last()) {
        (Some(first), Some(last)) => now >= first.start.plus(-AROUND_MS) && now < last.end.plus(AROUND_MS),
        _ => false,
    });
    let called = !super::roll_call::under_way(model).is_empty();
    if !untouched || busy || called || !matches!(model.stage, Stage::Home { .. }) {
        return None;
    }
    let grave = fault(model);
    // Every minute another place, and not the one beside.
    let place = now.0.div_euclid(60_000).wrapping_mul(5).rem_euclid(i64::from(PLACES));
    Some(Resting {
        clock: clock(model),
        date: today(model),
        words: if grave.is_empty() { words::TOUCH_TO_BEGIN.to_owned() } else { grave },
        place: u8::try_from(place).unwrap_or(0),
    })
}
