//! Staff, and whose classes are whose.
//!
//! Must never: touch somebody whom the office added itself, or anybody's PIN or card.

use super::Ids;
use super::classes::ClassMap;
use crate::import::changes::Changes;
use crate::import::held::{Held, StaffRow};
use crate::import::reject::{Reason, Reject};
use crate::import::roster::Roster;
use chrono::{Days, NaiveDate};
use shared::id::{ClassId, StaffId};
use std::collections::{BTreeMap, BTreeSet};

/// Compares.
pub fn plan(
    roster: &Roster,
    held: &Held,
    classes: &ClassMap,
    today: NaiveDate,
    ids: Ids<'_>,
    rejects: &mut Vec<Reject>,
    changes: &mut Changes,
) {
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let stood: BTreeMap<&str, &StaffRow> =
        held.staff.iter().filter_map(|s| s.source_id.as_deref().map(|id| (id, s))).collect();
    let mut here: BTreeMap<&str, StaffId> = BTreeMap::new();
    let mut ended: BTreeSet<StaffId> = BTreeSet::new();
    for person in &roster.staff {
        let before = stood.get(person.source_id.as_str()).copied();
        if person.gone {
            if let Some(before) = before.filter(|s| s.ended_on.is_none()) {
                ended.insert(before.id);
                changes.tally.ended_staff += 1;
                changes.staff.push(StaffRow { ended_on: Some(yesterday), ..before.clone() });
            }
            continue;
        }
        let position = before.filter(|_| !person.position_is_said).map_or(&person.position, |s| &s.position);
        let row = StaffRow {
            id: before.map_or_else(|| StaffId::from_bytes(ids()), |s| s.id),
            source_id: Some(person.source_id.clone()),
            name: person.name.clone(),
            position: position.clone(),
            ended_on: None,
        };
        here.insert(&person.source_id, row.id);
        match before {
            None => changes.tally.new_staff += 1,
            Some(before) if *before != row => changes.tally.changed_staff += 1,
            Some(_) => continue,
        }
        changes.staff.push(row);
    }
    for (source, before) in &stood {
        let named = here.contains_key(source) || roster.staff.iter().any(|s| s.source_id == *source);
        if named {
            continue;
        }
        if roster.people_full && !roster.blind && !roster.doubtful.contains(*source) {
            if before.ended_on.is_none() {
                ended.insert(before.id);
                changes.tally.ended_staff += 1;
                changes.staff.push(StaffRow { ended_on: Some(yesterday), ..(*before).clone() });
            }
        } else {
            here.insert(source, before.id);
        }
    }
    let mut wanted: BTreeSet<(StaffId, ClassId)> = BTreeSet::new();
    let mut unwanted: BTreeSet<(StaffId, ClassId)> = BTreeSet::new();
    for row in &roster.teaching {
        match (here.get(row.staff.as_str()), classes.by_key.get(row.class.as_str())) {
            (Some(staff), Some(class)) if row.gone => {
                unwanted.insert((*staff, class.id));
            }
            (Some(staff), Some(class)) => {
                wanted.insert((*staff, class.id));
            }
            (None, _) if !roster.staff.iter().any(|s| s.source_id == row.staff) => {
                rejects.push(Reject { file: row.place.file.into(), line: row.place.line, reason: Reason::NoPerson });
            }
            _ => {}
        }
    }
    let from_directory: BTreeSet<StaffId> = stood.values().map(|s| s.id).collect();
    let full = roster.enrolments_full && !roster.blind && roster.doubtful.is_empty();
    for pair in &held.teaching {
        let goes = ended.contains(&pair.0) || unwanted.contains(pair) || (full && from_directory.contains(&pair.0));
        if goes && !wanted.contains(pair) {
            changes.teaching_gone.push(*pair);
        }
    }
    changes.teaching_new.extend(wanted.difference(&held.teaching).copied());
}
