//! A pupil's places in classes: what stands, what the file says, and what follows. A mover ends one place and begins
//! another; a leaver ends them; what is past is not rewritten.
//!
//! Must never: move a place over sessions in which the pupil already has a mark, or leave a pupil in two registration
//! groups at once.

use crate::import::held::Member;
use crate::import::roster::Place;
use chrono::{Days, NaiveDate};
use shared::calendar::{Half, SessionKey};
use shared::id::ClassId;

/// A session's place in time.
pub type Slot = (NaiveDate, Half);

/// The session after this one.
#[must_use]
pub fn after((date, half): Slot) -> Slot {
    match half {
        Half::Am => (date, Half::Pm),
        Half::Pm => (date.checked_add_days(Days::new(1)).unwrap_or(date), Half::Am),
    }
}
/// The session before this one.
#[must_use]
pub fn before((date, half): Slot) -> Slot {
    let SessionKey { date, half } = SessionKey { date, half }.before();
    (date, half)
}

/// A place that the file says.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The class.
    pub class: ClassId,
    /// First day, if said.
    pub from: Option<NaiveDate>,
    /// First day where nothing is said and nothing stood.
    pub fallback: NaiveDate,
    /// Last day, if said.
    pub until: Option<NaiveDate>,
    /// No longer: to be deleted.
    pub gone: bool,
    /// The pupil's first class.
    pub primary: bool,
    /// Where it stands in the file.
    pub place: Place,
}

/// One round suffices for a file without contradictions.
const ROUNDS: usize = 8;

/// What follows.
#[derive(Debug, Default)]
pub struct Merged {
    /// All places of the pupil, in order.
    pub members: Vec<Member>,
    /// Rows that fit nowhere: a second registration group from the same day.
    pub clashes: Vec<Place>,
}

/// Today, and what is known about the pupil.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// The date of the import.
    pub today: NaiveDate,
    /// The last session with a mark.
    pub last_mark: Option<Slot>,
    /// A place that the file does not say has ended.
    pub full: bool,
}

impl Frame {
    /// The first session that a change made today can touch: after the last mark, not before today.
    #[must_use]
    pub fn change_at(&self) -> Slot {
        self.free().max((self.today, Half::Am))
    }
    fn free(&self) -> Slot {
        self.last_mark.map_or((NaiveDate::MIN, Half::Am), after)
    }
}

const fn start(m: &Member) -> Slot {
    (m.from, m.from_half)
}
fn end(m: &Member) -> Option<Slot> {
    m.until.map(|until| (until, m.until_half))
}
fn stop(m: &mut Member, at: Slot) {
    m.until = Some(at.0);
    m.until_half = at.1;
}
fn member(class: ClassId, from: Slot, until: Option<Slot>) -> Member {
    let (until, until_half) = until.map_or((None, Half::Pm), |(d, h)| (Some(d), h));
    Member { class, from: from.0, from_half: from.1, until, until_half }
}

struct Row {
    want: Wanted,
    hit: Option<usize>,
    start: Slot,
    end: Option<Slot>,
}

/// Folds what the file says into what stands, until the same file once more would change nothing. A file that
/// contradicts itself without end changes nothing at all, and its rows are clashes.
#[must_use]
pub fn merge(held: &[Member], wanted: &[Wanted], frame: Frame) -> Merged {
    let mut stood = held.to_vec();
    for _ in 0..ROUNDS {
        let merged = fold(&stood, wanted.to_vec(), frame);
        if merged.members == stood {
            return merged;
        }
        stood = merged.members;
    }
    Merged { members: held.to_vec(), clashes: wanted.iter().map(|w| w.place.clone()).collect() }
}

fn fold(held: &[Member], wanted: Vec<Wanted>, frame: Frame) -> Merged {
    let today = (frame.today, Half::Am);
    let mut members = held.to_vec();
    let mut merged = Merged::default();
    let mut taken = vec![false; held.len()];
    let active = |m: &Member| end(m).is_none_or(|e| e >= today);
    // 1. Which place that stands does each row speak of?
    let mut drop: Vec<usize> = Vec::new();
    let mut rows: Vec<Row> = wanted
        .into_iter()
        .map(|want| {
            let mut hit = find(held, &taken, &want, frame.today);
            if let Some(at) = hit {
                taken[at] = true;
                // A place that has not begun yet may begin at another time: it is planned anew.
                if start(&held[at]) > today && want.from.is_some_and(|from| (from, Half::Am) != start(&held[at])) {
                    drop.push(at);
                    hit = None;
                }
            }
            Row { end: want.until.map(|d| (d, Half::Pm)), start: (want.fallback, Half::Am), want, hit }
        })
        .collect();
    // 2. Rows to be deleted end what they speak of.
    for row in rows.iter().filter(|r| r.want.gone) {
        if let Some(at) = row.hit {
            let last = before(frame.change_at());
            let said = row.end.filter(|e| *e < today && frame.last_mark.is_none_or(|m| m <= *e));
            if active(&members[at]) {
                stop(&mut members[at], said.unwrap_or(last));
            }
        }
    }
    rows.retain(|r| !r.want.gone);
    // 3. When does each begin? A new place that takes over from one that stands begins after its last mark.
    let over: Vec<&Member> = held
        .iter()
        .zip(&taken)
        .filter(|(m, taken)| !**taken && active(m) && start(m) <= today)
        .map(|(m, _)| m)
        .collect();
    let moves = !over.is_empty();
    // A place that stands and that the file still names: a row without a date does not end it.
    let stands = |r: &Row| r.hit.filter(|at| active(&held[*at]) && r.end.is_none_or(|e| e >= today));
    let standing = rows.iter().filter_map(stands).map(|at| start(&held[at])).max();
    for row in &mut rows {
        row.start = match (row.hit, row.want.from) {
            (Some(at), _) => start(&held[at]),
            (None, Some(from)) if moves && row.end.is_none_or(|e| e >= today) => {
                let said = (from, Half::Am);
                if over.iter().all(|m| start(m) < said) { said.max(frame.free()) } else { frame.change_at() }
            }
            (None, Some(from)) => (from, Half::Am),
            (None, None) if moves => frame.change_at(),
            (None, None) => standing.unwrap_or((row.want.fallback, Half::Am)),
        };
        if row.hit.is_none() && row.end.is_none_or(|e| e >= today) {
            // What was registered elsewhere before is not taken over.
            let past = held.iter().filter(|m| !active(m)).filter_map(end).filter(|e| *e >= row.start).map(after).max();
            row.start = past.map_or(row.start, |past| past.max(row.start));
        }
    }
    // 4. Within the file, the later begin ends the earlier; the same begin is a clash.
    rows.sort_by_key(|r| (r.start, r.hit.is_none(), !r.want.primary, r.want.place.line));
    let mut kept: Vec<Row> = Vec::new();
    for row in rows {
        if let Some(earlier) = kept.last_mut()
            && earlier.end.is_none_or(|e| e >= row.start)
        {
            if earlier.want.class == row.want.class {
                earlier.end = earlier.end.zip(row.end).map(|(a, b)| a.max(b));
                continue;
            }
            if earlier.start == row.start {
                merged.clashes.push(row.want.place.clone());
                if let Some(at) = row.hit {
                    taken[at] = false;
                }
                continue;
            }
            earlier.end = Some(before(row.start));
        }
        kept.push(row);
    }
    // 5. Fold the rows in.
    for row in &kept {
        let Some(at) = row.hit else {
            let clear = |m: &Member| {
                let ends_first = end(m).is_some_and(|e| e < row.start);
                let begins_later = row.end.is_some_and(|e| e < start(m));
                ends_first || begins_later
            };
            let past = row.end.is_some_and(|e| e < today);
            // History that contradicts what stands is left out: what stands was registered.
            if row.end.is_none_or(|e| e >= row.start) && (!past || held.iter().all(clear)) {
                members.push(member(row.want.class, row.start, row.end));
            }
            continue;
        };
        let m = &mut members[at];
        let ended = end(m).filter(|e| *e < today);
        let goes_on = row.end.is_none_or(|e| e >= today);
        match ended {
            Some(was) if goes_on => {
                let back = (row.want.from.map_or(today, |f| (f, Half::Am))).max(after(was));
                let back =
                    if row.want.from.is_some_and(|f| (f, Half::Am) > was) { back } else { back.max(frame.change_at()) };
                members.push(member(row.want.class, back, row.end));
            }
            _ => {
                let same_day = m.until.is_some() && m.until == row.end.map(|e| e.0);
                if !same_day && row.end.is_none_or(|e| e >= start(m)) {
                    (m.until, m.until_half) = row.end.map_or((None, Half::Pm), |(d, h)| (Some(d), h));
                } else if same_day && row.want.until != m.until {
                    m.until_half = row.end.map_or(Half::Pm, |e| e.1);
                }
            }
        }
    }
    // 6. What stands and is not spoken of.
    let takes_over = |r: &&Row| r.hit.is_none() && r.end.is_none_or(|e| e >= today && e >= r.start);
    let new_start =
        |class: ClassId| kept.iter().filter(takes_over).filter(|r| r.want.class != class).map(|r| r.start).min();
    for (at, m) in held.iter().enumerate().filter(|(at, m)| !taken[*at] && active(m)) {
        let next = new_start(m.class).filter(|s| end(m).is_none_or(|e| e >= *s));
        let last = match next {
            Some(next) => before(next),
            None if frame.full => before(frame.change_at()),
            None => continue,
        };
        if start(m) > last {
            drop.push(at);
        } else if end(m).is_none_or(|e| e > last) {
            stop(&mut members[at], last);
        }
    }
    let mut at = 0;
    members.retain(|_| {
        at += 1;
        !drop.contains(&(at - 1))
    });
    merged.members = untangle(members);
    merged
}

/// One place at a time: the later begin ends the earlier.
fn untangle(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_by_key(|m| (start(m), m.class));
    let mut apart: Vec<Member> = Vec::with_capacity(members.len());
    for m in members {
        match apart.last_mut() {
            Some(earlier) if start(earlier) == start(&m) => continue,
            Some(earlier) if end(earlier).is_none_or(|e| e >= start(&m)) => stop(earlier, before(start(&m))),
            _ => {}
        }
        apart.push(m);
    }
    apart
}

/// The place that a row speaks of: the one in force now, else the one that begins alike, else one that overlaps.
fn find(held: &[Member], taken: &[bool], want: &Wanted, today: NaiveDate) -> Option<usize> {
    let mine = || held.iter().enumerate().filter(|(at, m)| !taken[*at] && m.class == want.class);
    let past = want.until.is_some_and(|u| u < today);
    let overlaps =
        |m: &Member| want.from.is_none_or(|f| m.until.is_none_or(|u| u >= f)) && want.until.is_none_or(|u| u >= m.from);
    let in_force = mine().find(|(_, m)| !past && m.until.is_none_or(|u| u >= today) && overlaps(m));
    let alike = || mine().find(|(_, m)| Some(m.from) == want.from);
    // The newest: an older one may have been ended and begun again.
    let overlap = || mine().rfind(|(_, m)| overlaps(m));
    in_force.or_else(alike).or_else(overlap).map(|(at, _)| at)
}

/// Ends everything at a session, and drops what would only begin later.
#[must_use]
pub fn leave(held: &[Member], last: Slot) -> Vec<Member> {
    let mut members: Vec<Member> = held.iter().filter(|m| start(m) <= last).copied().collect();
    for m in &mut members {
        if end(m).is_none_or(|e| e > last) {
            stop(m, last);
        }
    }
    members
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;
