//! From a reading to an interval.
//!
//! Must never: give an interval that excludes the true time, as long as quartz keeps within [`super::DRIFT_PPM`] and
//! the server's clock is right. Where sources contradict each other the answer is wide, not wrong.

use super::anchor::{GRAIN_MS, drift};
use super::timeline::BEGINNING;
use super::{Interval, Millis, Mono, Reading, Timeline};
use crate::id::BootId;
use crate::sim::Mutant;

/// When a reading was taken, by all that is known now. It may be better known later; it is never wrongly known before.
///
/// With an anchor in its boot, before or after it: the anchors' common interval. Without: from the last instant known
/// before that boot to the first known after it, or `timeline.received`; the wall clock then is an estimate, if it lies
/// inside. Never before the floor, the last trusted instant that the kiosk had saved.
#[must_use]
pub fn resolve(reading: &Reading, timeline: &Timeline) -> Interval {
    if Mutant::WallClockTrusted.lives() {
        return Interval::new(reading.wall, reading.wall);
    }
    let floor = floor_of(reading, timeline);
    if let Some(known) = anchored(reading.boot, reading.mono, timeline) {
        return match floor {
            Some(floor) if known.latest < floor => {
                // The anchors say it was before an instant that had passed already. Neither can be believed alone.
                Interval::new(floor, timeline.received.max(floor))
            }
            Some(floor) => Interval::new(known.earliest.max(floor), known.latest),
            None => known,
        };
    }
    let earliest = [floor, after_previous(reading, timeline)].into_iter().flatten().fold(BEGINNING, Ord::max);
    let latest = before_next(reading, timeline).map_or(timeline.received, |next| next.min(timeline.received));
    // A later boot that seems earlier than this one: a clock was stepped. Only the floor and the reception stand.
    let (earliest, latest) = if latest < earliest {
        let earliest = floor.unwrap_or(BEGINNING);
        (earliest, timeline.received.max(earliest))
    } else {
        (earliest, latest)
    };
    Interval::new(earliest, latest).with_estimate(Some(reading.wall))
}

/// What the anchors of a boot say of one of its moments together; if they exclude each other, all that any of them allows.
fn anchored(boot: BootId, mono: Mono, timeline: &Timeline) -> Option<Interval> {
    let mut each = timeline.anchors.iter().filter(|a| a.boot == boot).map(|a| a.at(mono));
    let first = each.next()?;
    let (common, hull) = each
        .fold((Some(first), first), |(common, hull), next| (common.and_then(|c| c.intersect(&next)), hull.hull(&next)));
    Some(common.unwrap_or(hull))
}

/// `since` and then `elapsed` milliseconds of a clock that may run fast: the instant is not before this.
fn later(since: Millis, elapsed: i64) -> Millis {
    since.plus(elapsed.saturating_sub(drift(elapsed)).saturating_sub(GRAIN_MS).max(0))
}

/// The highest floor that binds this reading. One that lies after its reception is no floor: nothing had passed that
/// had not happened.
fn floor_of(reading: &Reading, timeline: &Timeline) -> Option<Millis> {
    let at = timeline.boots.iter().rposition(|b| b.boot == reading.boot && b.first <= reading.mono)?;
    timeline.boots[..=at]
        .iter()
        .filter_map(|b| {
            let floor = b.floor.filter(|f| *f <= timeline.received)?;
            Some(if b.boot == reading.boot { later(floor, reading.mono.0.saturating_sub(b.first.0)) } else { floor })
        })
        .max()
        .map(|floor| floor.min(timeline.received))
}

/// The last instant that had certainly passed when this boot began: the last entry of an anchored boot before it.
fn after_previous(reading: &Reading, timeline: &Timeline) -> Option<Millis> {
    let first = timeline.boots.iter().position(|b| b.boot == reading.boot)?;
    let begun = timeline.boots[..first]
        .iter()
        .filter_map(|b| anchored(b.boot, b.last, timeline).map(|known| known.earliest))
        .max()?;
    Some(later(begun, reading.mono.0.saturating_sub(timeline.boots[first].first.0)))
}

/// The first instant that certainly had not passed when this boot ended: the first entry of an anchored boot after it.
fn before_next(reading: &Reading, timeline: &Timeline) -> Option<Millis> {
    let last = timeline.boots.iter().rposition(|b| b.boot == reading.boot)?;
    let ended = timeline.boots[last + 1..]
        .iter()
        .filter_map(|b| anchored(b.boot, b.first, timeline).map(|known| known.latest))
        .min()?;
    let left = timeline.boots[last].last.0.saturating_sub(reading.mono.0);
    Some(ended.plus(left.saturating_sub(drift(left)).saturating_sub(GRAIN_MS).max(0).saturating_neg()))
}
