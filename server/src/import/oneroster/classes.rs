//! Schools, terms and classes of an export: which of them take a register.
//!
//! Must never: make a registration group of a class that nobody called one.

use super::files::{Files, Part};
use crate::import::reject::{Reason, Reject};
use crate::import::roster::{Choice, Class, Classes, OtherClass, Roster};
use crate::import::value::{self, Status};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The ids of the chosen school and of what belongs to it, when the file holds several schools; else `None`: all is ours.
pub fn schools(
    files: &Files,
    choice: &Choice,
    rejects: &mut Vec<Reject>,
    roster: &mut Roster,
) -> Option<BTreeSet<String>> {
    let orgs = files.orgs.as_ref()?;
    let t = &orgs.table;
    let mut out = orgs.rejects(rejects);
    let mut parent: BTreeMap<&str, &str> = BTreeMap::new();
    let mut schools: Vec<(&str, &str)> = Vec::new();
    for row in &t.rows {
        let (id, name) = (t.get(row, "sourcedId"), t.get(row, "name"));
        if id.is_empty() {
            out.add(row.line, Reason::Empty("sourcedId"));
            continue;
        }
        match value::status(t.get(row, "status")) {
            None => out.add(row.line, Reason::Unknown("status")),
            Some(Status::Gone) => continue,
            Some(Status::Active) => {}
        }
        if parent.insert(id, t.get(row, "parentSourcedId")).is_some() {
            out.add(row.line, Reason::SameId);
        } else if t.get(row, "type").eq_ignore_ascii_case("school") {
            schools.push((id, name));
        }
    }
    if schools.len() < 2 {
        if let Some(wanted) = &choice.school
            && let [(id, name)] = schools.as_slice()
        {
            roster.no_such_school = !is(wanted, id, name);
        }
        return None;
    }
    roster.schools = schools.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect();
    let by = |wanted: &str| schools.iter().find(|(id, name)| is(wanted, id, name));
    let chosen = match &choice.school {
        Some(wanted) => {
            let found = by(wanted);
            roster.no_such_school = found.is_none();
            found
        }
        None => choice.own_name.as_deref().and_then(by),
    };
    let (chosen, _) = chosen?;
    roster.schools.clear();
    let mut ours: BTreeSet<String> = BTreeSet::from([(*chosen).to_owned()]);
    loop {
        let more: Vec<String> = parent
            .iter()
            .filter(|(id, up)| ours.contains(**up) && !ours.contains(**id) && !schools.iter().any(|(s, _)| s == *id))
            .map(|(id, _)| (*id).to_owned())
            .collect();
        if more.is_empty() {
            return Some(ours);
        }
        ours.extend(more);
    }
}

fn is(wanted: &str, id: &str, name: &str) -> bool {
    wanted == id || wanted.to_lowercase() == name.to_lowercase()
}

/// First days of academic sessions, by id.
pub fn sessions(files: &Files, rejects: &mut Vec<Reject>) -> BTreeMap<String, (NaiveDate, NaiveDate)> {
    let mut found = BTreeMap::new();
    let Some(part) = &files.sessions else { return found };
    let t = &part.table;
    let mut out = part.rejects(rejects);
    for row in &t.rows {
        let id = t.get(row, "sourcedId");
        let (begin, end) = (value::date(t.get(row, "startDate")), value::date(t.get(row, "endDate")));
        match (value::status(t.get(row, "status")), begin, end) {
            (None, ..) => out.add(row.line, Reason::Unknown("status")),
            (Some(Status::Gone), ..) => {}
            _ if id.is_empty() => out.add(row.line, Reason::Empty("sourcedId")),
            (_, None, _) => out.add(row.line, Reason::BadDate("startDate")),
            (_, _, None) => out.add(row.line, Reason::BadDate("endDate")),
            (_, Some(begin), Some(end)) if end < begin => out.add(row.line, Reason::EndsFirst),
            (_, Some(begin), Some(end)) => {
                found.insert(id.to_owned(), (begin, end));
            }
        }
    }
    found
}

/// What a class id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A registration group.
    Registers,
    /// A class without a register.
    Other,
    /// To be deleted.
    Gone,
    /// In no file.
    Nowhere,
}

struct Room {
    class: Class,
    code: String,
    homeroom: bool,
    registers: bool,
    pupils: u32,
}

/// The classes while enrolments are read.
pub struct Rooms(BTreeMap<String, Room>);

/// Reads `classes.csv`.
pub fn read(
    files: &Files,
    sessions: &BTreeMap<String, (NaiveDate, NaiveDate)>,
    ours: Option<&BTreeSet<String>>,
    rejects: &mut Vec<Reject>,
    roster: &mut Roster,
) -> Rooms {
    let part: &Part = &files.classes;
    let t = &part.table;
    let mut out = part.rejects(rejects);
    let mut rooms: BTreeMap<String, Room> = BTreeMap::new();
    for row in &t.rows {
        let id = t.get(row, "sourcedId");
        let mut refuse = |reason| {
            out.add(row.line, reason);
            if id.is_empty() {
                roster.blind = true;
            }
            roster.doubtful.insert(id.to_owned());
        };
        let Some(status) = value::status(t.get(row, "status")) else {
            refuse(Reason::Unknown("status"));
            continue;
        };
        if id.is_empty() {
            refuse(Reason::Empty("sourcedId"));
            continue;
        }
        let school = t.get(row, "schoolSourcedId");
        if ours.is_some_and(|ours| !ours.contains(school)) {
            continue;
        }
        let title = t.get(row, "title");
        let Some(name) = value::name(title) else {
            refuse(Reason::BadText("title"));
            continue;
        };
        if name.is_empty() {
            refuse(Reason::Empty("title"));
            continue;
        }
        if rooms.contains_key(id) {
            refuse(Reason::SameId);
            continue;
        }
        let kind = t.get(row, "classType");
        let homeroom = match value::key(kind).as_str() {
            "homeroom" | "registration" => true,
            "scheduled" | "" => false,
            _ => {
                out.add(row.line, Reason::Unknown("classType"));
                false
            }
        };
        let year = value::year(t.get(row, "grades"));
        let begins = value::list(t.get(row, "termSourcedIds")).filter_map(|s| sessions.get(s)).map(|s| s.0).min();
        let class = Class {
            key: id.to_owned(),
            source_id: Some(id.to_owned()),
            name,
            sort: year.as_ref().map(|y| y.1),
            year: year.map(|y| y.0),
            gone: status == Status::Gone,
            begins,
        };
        let code = t.get(row, "classCode").to_owned();
        rooms.insert(id.to_owned(), Room { class, code, homeroom, registers: false, pupils: 0 });
    }
    Rooms(rooms)
}

impl Rooms {
    /// Marks which classes register.
    pub fn choose(&mut self, classes: &Classes, roster: &mut Roster) {
        match classes {
            Classes::Homerooms => self.0.values_mut().for_each(|r| r.registers = r.homeroom),
            Classes::All => self.0.values_mut().for_each(|r| r.registers = true),
            Classes::Named(names) => {
                for name in names {
                    let wanted = name.to_lowercase();
                    let mut hits = 0;
                    for (id, room) in &mut self.0 {
                        if id.to_lowercase() == wanted
                            || room.class.name.to_lowercase() == wanted
                            || (!room.code.is_empty() && room.code.to_lowercase() == wanted)
                        {
                            room.registers = true;
                            hits += 1;
                        }
                    }
                    if hits == 0 {
                        roster.no_such_class.push(name.clone());
                    }
                }
            }
        }
    }

    /// What an id stands for.
    pub fn find(&self, id: &str) -> Found {
        match self.0.get(id) {
            None => Found::Nowhere,
            Some(room) if room.class.gone => Found::Gone,
            Some(room) if room.registers => Found::Registers,
            Some(_) => Found::Other,
        }
    }

    /// Counts a pupil in a class.
    pub fn count(&mut self, id: &str) {
        if let Some(room) = self.0.get_mut(id) {
            room.pupils += 1;
        }
    }

    /// Hands the classes to the roster.
    pub fn finish(self, roster: &mut Roster) {
        for (id, room) in self.0 {
            if room.registers {
                roster.classes.push(room.class);
            } else if !room.class.gone {
                roster.other_classes.push(OtherClass { source_id: id, name: room.class.name, pupils: room.pupils });
            } else {
                // Whether it took a register before, only the school's file knows.
                roster.classes.push(room.class);
            }
        }
    }
}

/// A class that names no year takes the year of most of its pupils.
pub fn years_from_pupils(roster: &mut Roster, years: &BTreeMap<String, (String, i64)>) {
    for class in roster.classes.iter_mut().filter(|c| c.year.is_none() && !c.gone) {
        let mut counts: BTreeMap<&(String, i64), u32> = BTreeMap::new();
        for m in roster.memberships.iter().filter(|m| m.class == class.key) {
            if let Some(year) = years.get(&m.pupil) {
                *counts.entry(year).or_default() += 1;
            }
        }
        if let Some((year, _)) = counts.into_iter().max_by_key(|(_, n)| *n) {
            class.year = Some(year.0.clone());
            class.sort = Some(year.1);
        }
    }
}
