//! Registration groups: new, renamed, ended.
//!
//! Must never: end a class over a row that could not be read.

use super::Ids;
use crate::import::changes::Changes;
use crate::import::held::{ClassRow, Held};
use crate::import::roster::{Class, Roster};
use chrono::{Days, NaiveDate};
use shared::id::ClassId;
use std::collections::{BTreeMap, BTreeSet};

/// A class of the file, found or made.
#[derive(Debug, Clone, Copy)]
pub struct Mapped {
    /// Its id.
    pub id: ClassId,
    /// It was not there before.
    pub new: bool,
    /// First day of its term, if the file says.
    pub begins: Option<NaiveDate>,
}

/// The classes by the roster's keys.
#[derive(Debug, Default)]
pub struct ClassMap {
    /// By key.
    pub by_key: BTreeMap<String, Mapped>,
    /// Registration groups after the import.
    pub open: u32,
}

/// Compares.
pub fn plan(roster: &Roster, held: &Held, today: NaiveDate, ids: Ids<'_>, changes: &mut Changes) -> ClassMap {
    let mut map = ClassMap::default();
    let mut met: BTreeSet<ClassId> = BTreeSet::new();
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    for class in &roster.classes {
        let stood = find(class, held, &met);
        if let Some(stood) = stood {
            met.insert(stood.id);
        }
        if class.gone {
            if let Some(stood) = stood.filter(|c| c.ended_on.is_none()) {
                changes.tally.ended_classes += 1;
                changes.classes.push(ClassRow { ended_on: Some(yesterday), ..stood.clone() });
            }
            continue;
        }
        let row = ClassRow {
            id: stood.map_or_else(|| ClassId::from_bytes(ids()), |c| c.id),
            source_id: class.source_id.clone().or_else(|| stood.and_then(|c| c.source_id.clone())),
            name: class.name.clone(),
            year: class.year.clone().or_else(|| stood.map(|c| c.year.clone())).unwrap_or_default(),
            sort: class.sort.or_else(|| stood.map(|c| c.sort)).unwrap_or(99),
            ended_on: None,
        };
        map.by_key.insert(class.key.clone(), Mapped { id: row.id, new: stood.is_none(), begins: class.begins });
        match stood {
            None => changes.tally.new_classes += 1,
            Some(stood) if *stood != row => changes.tally.changed_classes += 1,
            Some(_) => continue,
        }
        changes.classes.push(row);
    }
    for stood in held.classes.iter().filter(|c| !met.contains(&c.id)) {
        let key = stood.source_id.clone();
        let doubtful = roster.blind || key.as_ref().is_none_or(|k| roster.doubtful.contains(k));
        if roster.classes_full && !doubtful && stood.ended_on.is_none() {
            changes.tally.ended_classes += 1;
            changes.classes.push(ClassRow { ended_on: Some(yesterday), ..stood.clone() });
        } else if let Some(key) = key.filter(|_| stood.ended_on.is_none()) {
            // Changes may speak of a class that they do not repeat.
            map.by_key.entry(key).or_insert(Mapped { id: stood.id, new: false, begins: None });
        }
    }
    let ended: BTreeSet<ClassId> = changes.classes.iter().filter(|c| c.ended_on.is_some()).map(|c| c.id).collect();
    let stay = held.classes.iter().filter(|c| c.ended_on.is_none() && !ended.contains(&c.id)).map(|c| c.id);
    let open: BTreeSet<ClassId> = map.by_key.values().map(|m| m.id).chain(stay).collect();
    map.open = u32::try_from(open.len()).unwrap_or(u32::MAX);
    map
}

/// By the directory's id, else by name where the class has none yet or the file knows none.
fn find<'h>(class: &Class, held: &'h Held, met: &BTreeSet<ClassId>) -> Option<&'h ClassRow> {
    let free = || held.classes.iter().filter(|c| !met.contains(&c.id));
    if let Some(id) = &class.source_id
        && let Some(found) = free().find(|c| c.source_id.as_ref() == Some(id))
    {
        return Some(found);
    }
    let name = class.name.to_lowercase();
    let mut named = free().filter(|c| {
        c.name.to_lowercase() == name && c.ended_on.is_none() && (class.source_id.is_none() || c.source_id.is_none())
    });
    named.next()
}
