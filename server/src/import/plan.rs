//! The difference between a roster and what the school's file holds. Pure: what it is given decides what it says.
//!
//! Must never: write, or end anybody's enrolment over a row that could not be read.

mod classes;
mod match_pupils;
mod on_roll;
pub mod places;
mod staff;

use super::changes::Changes;
use super::held::{Held, Member};
use super::reject::{Reason, Reject};
use super::roster::{Contact, Membership, Pupil, Roster};
use chrono::{Datelike, NaiveDate};
use classes::ClassMap;
use match_pupils::Matches;
use places::{Frame, Wanted};
use shared::calendar::Half;
use shared::id::{ClassId, PupilId};
use std::collections::{BTreeMap, BTreeSet};

/// What will change, and what the file came to.
#[derive(Debug)]
pub struct Plan {
    /// What will be written.
    pub changes: Changes,
    /// Places in registration groups that were taken.
    pub enrolments: u32,
    /// Pupils on roll on the day, after it.
    pub on_roll: u32,
    /// Pupils on roll on the day, before it.
    pub on_roll_before: u32,
    /// Registration groups after it.
    pub classes: u32,
}

/// Random bytes for new ids, from the edge.
pub type Ids<'a> = &'a mut dyn FnMut() -> [u8; 16];

/// Compares. Rows that fit nothing go to `rejects`.
pub fn plan(roster: &Roster, held: &Held, today: NaiveDate, ids: Ids<'_>, rejects: &mut Vec<Reject>) -> Plan {
    let mut changes = Changes::default();
    let classes = classes::plan(roster, held, today, ids, &mut changes);
    let matches = match_pupils::plan(roster, held, ids, rejects, &mut changes);
    contacts(roster, held, &matches, &mut changes);
    let mut enrolments = 0;
    let places = by_pupil(roster, held, &classes, &matches, today, rejects, &mut enrolments);
    let rolls = Rolls { roster, held, matches: &matches, today };
    let (on_roll_before, on_roll) = rolls.plan(places, rejects, &mut enrolments, &mut changes);
    staff::plan(roster, held, &classes, today, ids, rejects, &mut changes);
    Plan { changes, enrolments, on_roll, on_roll_before, classes: classes.open }
}

/// The school year's first day that is not after this one.
fn year_start(today: NaiveDate) -> NaiveDate {
    let year = if today.month() >= 9 { today.year() } else { today.year() - 1 };
    NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or(today)
}

/// The rows of each pupil, with classes resolved.
fn by_pupil(
    roster: &Roster,
    held: &Held,
    classes: &ClassMap,
    matches: &Matches,
    today: NaiveDate,
    rejects: &mut Vec<Reject>,
    enrolments: &mut u32,
) -> BTreeMap<PupilId, Vec<Wanted>> {
    let mut places: BTreeMap<PupilId, Vec<Wanted>> = BTreeMap::new();
    let in_file: BTreeMap<&str, &Pupil> = roster.pupils.iter().map(|p| (p.key.as_str(), p)).collect();
    let known: BTreeMap<&str, PupilId> =
        held.pupils.iter().filter_map(|p| p.source_id.as_deref().map(|s| (s, p.id))).collect();
    for row in &roster.memberships {
        let Membership { pupil, class, from, until, gone, primary, place } = row;
        let mut refuse = |reason| rejects.push(Reject { file: place.file.to_owned(), line: place.line, reason });
        let id = matches.by_key.get(pupil.as_str()).copied().or_else(|| known.get(pupil.as_str()).copied());
        let Some(id) = id else {
            refuse(Reason::NoPerson);
            continue;
        };
        let Some(class) = classes.by_key.get(class.as_str()) else {
            refuse(Reason::NoClass);
            continue;
        };
        let joined = in_file.get(pupil.as_str()).and_then(|p| p.joined);
        let usual =
            if class.new { class.begins.map_or(year_start(today), |b| b.max(year_start(today).min(b))) } else { today };
        let fallback = joined.map_or(usual, |j| j.max(usual));
        *enrolments += u32::from(!gone);
        places.entry(id).or_default().push(Wanted {
            class: class.id,
            from: *from,
            fallback,
            until: *until,
            gone: *gone,
            primary: *primary,
            place: place.clone(),
        });
    }
    places
}

/// The file's contacts first, then what the office added by itself.
fn contacts(roster: &Roster, held: &Held, matches: &Matches, changes: &mut Changes) {
    for pupil in &roster.pupils {
        let (Some(said), Some(id)) = (&pupil.contacts, matches.by_key.get(pupil.key.as_str())) else { continue };
        if pupil.gone {
            continue;
        }
        let before: &[Contact] = held.contacts.get(id).map_or(&[], Vec::as_slice);
        let own = |c: &&Contact| {
            c.source_id.is_none() && !said.iter().any(|s| s.name == c.name && s.telephone == c.telephone)
        };
        let mut wanted = said.clone();
        wanted.extend(before.iter().filter(own).cloned());
        if wanted != before {
            changes.tally.changed_contacts += u32::from(!before.is_empty());
            changes.contacts.push((*id, wanted));
        }
    }
}

struct Rolls<'a> {
    roster: &'a Roster,
    held: &'a Held,
    matches: &'a Matches,
    today: NaiveDate,
}

impl Rolls<'_> {
    fn frame(&self, pupil: PupilId) -> Frame {
        let doubtful = self.matches.doubtful.contains(&pupil);
        Frame {
            today: self.today,
            last_mark: self.held.last_mark.get(&pupil).copied(),
            full: self.roster.enrolments_full && !self.roster.blind && !doubtful,
        }
    }

    /// The class that the file wants for a pupil whom the office has moved into another one this school year.
    fn moved_by_hand(&self, id: PupilId, stood: &[Member], then: &[Member]) -> Option<ClassId> {
        let (class, from) = self.held.by_hand.get(&id)?;
        let newest = |all: &[Member]| all.iter().max_by_key(|m| (m.from, m.from_half)).map(|m| m.class);
        let fresh = from.date >= year_start(self.today);
        (fresh && newest(stood) == Some(*class)).then(|| newest(then).filter(|wanted| wanted != class)).flatten()
    }

    /// Places and enrolments of everybody. Answers who is on roll: before, after.
    fn plan(
        &self,
        mut places: BTreeMap<PupilId, Vec<Wanted>>,
        rejects: &mut Vec<Reject>,
        enrolments: &mut u32,
        changes: &mut Changes,
    ) -> (u32, u32) {
        let (mut before, mut after) = (0, 0);
        let everybody: BTreeSet<PupilId> =
            self.held.pupils.iter().map(|p| p.id).chain(self.matches.by_key.values().copied()).collect();
        let in_file: BTreeMap<PupilId, &Pupil> = self
            .roster
            .pupils
            .iter()
            .filter_map(|p| self.matches.by_key.get(p.key.as_str()).map(|id| (*id, p)))
            .collect();
        for id in everybody {
            let frame = self.frame(id);
            let stood = self.held.members.get(&id).map_or(&[][..], Vec::as_slice);
            let rolls = self.held.enrolments.get(&id).map_or(&[][..], Vec::as_slice);
            let on = |all: &[super::held::Enrolment]| {
                u32::from(all.iter().any(|e| e.joined <= self.today && e.left.is_none_or(|l| l >= self.today)))
            };
            before += on(rolls);
            let pupil = in_file.get(&id).copied();
            let stays = self.matches.doubtful.contains(&id) || self.roster.blind || !self.roster.people_full;
            let wanted = places.remove(&id).unwrap_or_default();
            let says_nothing = pupil.is_none() && wanted.is_empty() && !self.matches.deleted.contains(&id);
            if says_nothing && stays {
                after += on(rolls);
                continue;
            }
            let leaves = self.matches.deleted.contains(&id) || (pupil.is_none() && !stays);
            let (rolls_then, members_then) = if leaves {
                on_roll::leave(rolls, stood, pupil.and_then(|p| p.left), frame)
            } else {
                let merged = if self.roster.standard == super::roster::Standard::Spreadsheet {
                    // A sheet has one class a pupil; an empty one says that they have none any more.
                    places::merge(stood, &wanted, Frame { full: pupil.is_some_and(|p| p.left.is_none()), ..frame })
                } else {
                    places::merge(stood, &wanted, frame)
                };
                for place in merged.clashes {
                    *enrolments -= 1;
                    rejects.push(Reject { file: place.file.to_owned(), line: place.line, reason: Reason::TwoClasses });
                }
                on_roll::stay(rolls, merged.members, pupil, frame)
            };
            let members_then = match self.moved_by_hand(id, stood, &members_then) {
                Some(wanted) if !leaves => {
                    changes.by_hand.push((id, wanted));
                    stood.to_vec()
                }
                _ => members_then,
            };
            after += on(&rolls_then);
            tally(changes, rolls, &rolls_then, stood, &members_then, self.today);
            if rolls_then != rolls {
                changes.enrolments.push((id, rolls_then));
            }
            if members_then != stood {
                changes.members.push((id, members_then));
            }
        }
        (before, after)
    }
}

fn tally(
    changes: &mut Changes,
    rolls: &[super::held::Enrolment],
    rolls_then: &[super::held::Enrolment],
    stood: &[super::held::Member],
    then: &[super::held::Member],
    today: NaiveDate,
) {
    let open = |all: &[super::held::Enrolment]| all.iter().any(|e| e.left.is_none_or(|l| l >= today));
    let (was, is) = (open(rolls), open(rolls_then));
    let t = &mut changes.tally;
    let ends = rolls.iter().all(|e| e.left.is_none()) && rolls_then.iter().any(|e| e.left.is_some());
    if was && (!is || ends) {
        t.leavers += 1;
    } else if !was && is && !rolls.is_empty() {
        t.returners += 1;
    }
    let newest = |all: &[super::held::Member]| all.iter().max_by_key(|m| (m.from, m.from_half)).map(|m| m.class);
    if is && was && newest(stood).is_some() && newest(stood) != newest(then) {
        t.movers += 1;
    }
}

/// The last session of somebody who leaves: the day before, or the last session with a mark where that is later.
fn last_slot(frame: Frame) -> places::Slot {
    places::before(frame.change_at()).max((NaiveDate::MIN, Half::Am))
}
