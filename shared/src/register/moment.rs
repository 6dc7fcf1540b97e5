//! Where an arrival falls in a session: on time, late, after close; as an instant, and as an interval.
//!
//! Must never: take an estimate for a time. Only the interval's limits count.

use super::Sitting;
use crate::calendar::Times;
use crate::time::{Interval, Millis};

/// Nobody arrives for a session longer before it starts: it was on another day.
const SAME_DAY_MS: i64 = 8 * 60 * 60 * 1000;

/// Where an instant falls, in the order of time. The earlier, the better for the pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// Before opens.
    OnTime,
    /// From opens to closes.
    Late,
    /// From closes to end.
    AfterClose,
}

/// When an arrival of this session happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The earliest that it can have been.
    pub from: Millis,
    /// The latest that it can have been.
    pub until: Millis,
    /// False when it may have been in another session altogether.
    pub here: bool,
}

/// The two ends of an interval, whichever way round they came.
pub(super) fn ends(when: &Interval) -> (Millis, Millis) {
    (when.earliest.min(when.latest), when.earliest.max(when.latest))
}

/// The part of an interval that lies in this session, if any does. A session that the screen named is taken at its
/// word: what lies outside is cut off. At or after the end it is an arrival for the next session, before the end of the
/// session before it was one for that.
pub(super) fn span(when: &Interval, said: bool, sitting: &Sitting, times: &Times) -> Option<Span> {
    let (earliest, latest) = ends(when);
    let begins = sitting.before.unwrap_or(times.start.plus(-SAME_DAY_MS));
    let last = times.end.plus(-1);
    if latest < begins || earliest > last {
        return None;
    }
    let here = said || (earliest >= begins && latest <= last);
    let (from, until) = (earliest.max(begins), latest.min(last));
    (from <= until).then_some(Span { from, until, here })
}

/// Where an instant of the session falls.
pub(super) fn moment(at: Millis, times: &Times) -> Moment {
    if at >= times.closes {
        Moment::AfterClose
    } else if at >= times.opens {
        Moment::Late
    } else {
        Moment::OnTime
    }
}

/// Whole minutes from the session's start, rounded down, never negative.
pub(super) fn minutes(at: Millis, times: &Times) -> u16 {
    u16::try_from(at.since(times.start).max(0) / 60_000).unwrap_or(u16::MAX)
}
