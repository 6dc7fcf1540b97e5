//! Whom an import would change, by name: for the page that shows it before it is done.
//!
//! Must never: be part of a report, which names no pupil.

use super::Looked;
use super::held::{Enrolment, Member};
use crate::store::StoreError;
use crate::{roll, school};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension as _};
use shared::calendar::Half;
use shared::id::{ClassId, PupilId};
use std::collections::BTreeMap;

/// What becomes of a pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Not in the file until now.
    New,
    /// Is off roll after it.
    Leaves,
    /// Is on roll again.
    ComesBack,
    /// Changes class.
    Moves,
    /// Was moved by the office, and stays there although the file says otherwise.
    ByHand,
}

impl Kind {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Leaves, Self::New, Self::ComesBack, Self::Moves, Self::ByHand];
    /// A heading.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Leaves => "Leave",
            Self::ComesBack => "Come back",
            Self::Moves => "Change class",
            Self::ByHand => "Moved by the office, and elsewhere in this file",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id, as it is or would be.
    pub id: PupilId,
    /// The name.
    pub name: String,
    /// What becomes of them.
    pub kind: Kind,
    /// "last day 20 November 2026", "Class 2 from 23 November 2026"
    pub what: String,
}

/// All of them, by name.
///
/// # Errors
/// When the school's file cannot be read.
pub fn of(c: &Connection, looked: &Looked, today: NaiveDate) -> Result<Vec<Person>, StoreError> {
    let changes = &looked.plan.changes;
    let classes: BTreeMap<ClassId, &str> = changes.classes.iter().map(|k| (k.id, k.name.as_str())).collect();
    let named: BTreeMap<PupilId, String> =
        changes.pupils.iter().map(|p| (p.id, format!("{} {}", p.first, p.last))).collect();
    let mut stood = c.prepare_cached("SELECT first || ' ' || last FROM pupil WHERE id = ?1")?;
    let mut out = BTreeMap::new();
    for (id, then) in &changes.enrolments {
        let before: Option<String> = stood.query_row([id.as_bytes()], |r| r.get(0)).optional()?;
        let name = named.get(id).cloned().or_else(|| before.clone()).unwrap_or_default();
        let was = roll::on_roll_after(c, *id, today)?;
        let stays = |e: &Enrolment| e.left.is_none_or(|left| left >= today);
        let is = then.iter().any(stays);
        let last = then.iter().filter_map(|e| e.left).max();
        let (kind, what) = match (was, is) {
            (_, true) if before.is_none() => {
                (Kind::New, then.last().map(|e| format!("from {}", day(e.joined))).unwrap_or_default())
            }
            (true, false) => (Kind::Leaves, last.map(|d| format!("last day {}", day(d))).unwrap_or_default()),
            (false, true) => {
                (Kind::ComesBack, then.last().map(|e| format!("from {}", day(e.joined))).unwrap_or_default())
            }
            (true, true) if then.last().is_some_and(|e| e.left.is_some()) => {
                (Kind::Leaves, last.map(|d| format!("last day {}", day(d))).unwrap_or_default())
            }
            _ => continue,
        };
        out.insert(*id, Person { id: *id, name, kind, what });
    }
    for (id, then) in &changes.members {
        let Some(newest) = then.iter().max_by_key(|m| (m.from, m.from_half)) else { continue };
        let before: Option<String> = stood.query_row([id.as_bytes()], |r| r.get(0)).optional()?;
        let class = match classes.get(&newest.class) {
            Some(name) => (*name).to_owned(),
            None => school::class_name(c, newest.class)?.unwrap_or_default(),
        };
        if let Some(person) = out.get_mut(id) {
            if matches!(person.kind, Kind::New | Kind::ComesBack) {
                person.what = format!("{}, {class}", person.what);
            }
            continue;
        }
        if before.is_none() || newest_class(c, *id)? == Some(newest.class) {
            continue;
        }
        let name = named.get(id).cloned().or(before).unwrap_or_default();
        out.insert(*id, Person { id: *id, name, kind: Kind::Moves, what: format!("{class} from {}", start(newest)) });
    }
    for (id, wanted) in &changes.by_hand {
        let before: Option<String> = stood.query_row([id.as_bytes()], |r| r.get(0)).optional()?;
        let name = |class| -> Result<String, StoreError> {
            Ok(match classes.get(&class) {
                Some(name) => (*name).to_owned(),
                None => school::class_name(c, class)?.unwrap_or_default(),
            })
        };
        let stays = newest_class(c, *id)?.map(name).transpose()?.unwrap_or_default();
        let what = format!("stays in {stays}; the file has {}", name(*wanted)?);
        let person =
            Person { id: *id, name: named.get(id).cloned().or(before).unwrap_or_default(), kind: Kind::ByHand, what };
        out.entry(*id).or_insert(person);
    }
    let mut all: Vec<Person> = out.into_values().collect();
    all.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(all)
}

fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

fn start(member: &Member) -> String {
    let noon = if member.from_half == Half::Pm { ", afternoon" } else { "" };
    format!("{}{noon}", day(member.from))
}

fn newest_class(c: &Connection, pupil: PupilId) -> Result<Option<ClassId>, StoreError> {
    let found = "SELECT class FROM membership WHERE pupil = ?1 ORDER BY from_on DESC, from_half DESC LIMIT 1";
    let class = c.prepare_cached(found)?.query_row([pupil.as_bytes()], |r| r.get(0)).optional()?;
    Ok(class.map(ClassId::from_bytes))
}
