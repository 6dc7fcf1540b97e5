//! Users, their roles and demographics: pupils, staff, contacts.
//!
//! Must never: look at a password.

mod contacts;
mod words;

pub use words::{preferred, sex};

use super::files::{Files, Part};
use crate::import::reject::{Reason, Reject};
use crate::import::roster::{Pupil, Roster, Staff, Standard};
use crate::import::value::{self, Status};
use shared::upn::Upn;
use std::collections::{BTreeMap, BTreeSet};
use words::{names, upn_text};

/// What a person is to the school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// On roll.
    Pupil,
    /// Works there.
    Staff,
    /// A parent or carer.
    Contact,
}

/// A role's kind and the words for it: a position, or a relation.
fn role(text: &str) -> Option<(Kind, &'static str)> {
    Some(match value::key(text).as_str() {
        "student" | "learner" | "pupil" => (Kind::Pupil, "pupil"),
        "principal" => (Kind::Staff, "headteacher"),
        "teacher" | "instructor" => (Kind::Staff, "class teacher"),
        "aide" => (Kind::Staff, "teaching assistant"),
        "counselor" => (Kind::Staff, "counsellor"),
        "proctor" => (Kind::Staff, "invigilator"),
        "administrator" | "siteadministrator" | "districtadministrator" | "systemadministrator" | "staff" => {
            (Kind::Staff, "administrator")
        }
        "parent" => (Kind::Contact, "parent"),
        "guardian" => (Kind::Contact, "guardian"),
        "relative" => (Kind::Contact, "relative"),
        _ => return None,
    })
}

struct Person {
    pupil: Pupil,
    title: String,
    job: String,
    telephone: String,
    agents: Vec<String>,
    roles: BTreeMap<Kind, &'static str>,
    orgs: BTreeSet<String>,
    here: bool,
    elsewhere: bool,
    ended_roles: bool,
}

/// The people while the rest is read.
pub struct People {
    by_id: BTreeMap<String, Person>,
    order: Vec<String>,
    full: bool,
    /// Year groups that users' own rows say.
    pub years: BTreeMap<String, (String, i64)>,
}

/// Reads users, roles and demographics.
pub fn read(files: &Files, rejects: &mut Vec<Reject>, roster: &mut Roster) -> People {
    let mut people =
        People { by_id: BTreeMap::new(), order: Vec::new(), full: files.users.full, years: BTreeMap::new() };
    people.users(files, rejects, roster);
    if let Some(part) = &files.roles {
        people.roles(part, rejects, roster);
    }
    if let Some(part) = &files.demographics {
        people.demographics(part, rejects);
    }
    people
}

impl People {
    fn users(&mut self, files: &Files, rejects: &mut Vec<Reject>, roster: &mut Roster) {
        let part = &files.users;
        let t = &part.table;
        let mut out = part.rejects(rejects);
        let mut upns: BTreeSet<String> = BTreeSet::new();
        for row in &t.rows {
            let id = t.get(row, "sourcedId");
            let mut refuse = |reason| {
                out.add(row.line, reason);
                roster.blind |= id.is_empty();
                roster.doubtful.insert(id.to_owned());
            };
            if id.is_empty() {
                refuse(Reason::Empty("sourcedId"));
                continue;
            }
            let Some(status) = value::status(t.get(row, "status")) else {
                refuse(Reason::Unknown("status"));
                continue;
            };
            if self.by_id.contains_key(id) {
                refuse(Reason::SameId);
                continue;
            }
            let gone = status == Status::Gone;
            let mut pupil = match names(part, row) {
                Ok(pupil) => pupil,
                // A row that deletes needs no name.
                Err(_) if gone => Pupil::default(),
                Err(reason) => {
                    refuse(reason);
                    continue;
                }
            };
            pupil.key = id.to_owned();
            pupil.source_id = Some(id.to_owned());
            pupil.line = row.line;
            pupil.gone = gone;
            let mut roles = BTreeMap::new();
            let text = t.get(row, "role");
            for word in value::list(text) {
                match role(word) {
                    Some((kind, words)) => {
                        roles.insert(kind, words);
                    }
                    None => out.add(row.line, Reason::Unknown("role")),
                }
            }
            if let Some(text) = upn_text(part, row) {
                match text.parse::<Upn>() {
                    Ok(upn) if upns.insert(upn.as_str().to_owned()) => pupil.upn = Some(upn.as_str().to_owned()),
                    Ok(_) => out.add(row.line, Reason::SameUpn),
                    Err(_) => out.add(row.line, Reason::BadUpn),
                }
            }
            if let Some(year) = value::year(t.get(row, "grades")) {
                self.years.insert(id.to_owned(), year);
            }
            let phone = [t.get(row, "phone"), t.get(row, "sms")].into_iter().find(|p| !p.is_empty()).unwrap_or("");
            let mut telephone = value::name(phone).unwrap_or_default();
            if !phone.is_empty() && telephone.is_empty() {
                out.add(row.line, Reason::BadText("phone"));
                telephone = String::new();
            }
            let orgs = value::list(t.get(row, "orgSourcedIds")).chain(value::list(t.get(row, "primaryOrgSourcedId")));
            self.order.push(id.to_owned());
            self.by_id.insert(
                id.to_owned(),
                Person {
                    pupil,
                    title: value::name(t.get(row, "metadata.title")).unwrap_or_default(),
                    job: value::name(t.get(row, "metadata.jobTitle")).unwrap_or_default(),
                    telephone,
                    agents: value::list(t.get(row, "agentSourcedIds")).map(str::to_owned).collect(),
                    roles,
                    orgs: orgs.map(str::to_owned).collect(),
                    here: false,
                    elsewhere: false,
                    ended_roles: false,
                },
            );
        }
    }

    fn roles(&mut self, part: &Part, rejects: &mut Vec<Reject>, roster: &mut Roster) {
        let t = &part.table;
        let mut out = part.rejects(rejects);
        for row in &t.rows {
            let user = t.get(row, "userSourcedId");
            let mut refuse = |reason| {
                out.add(row.line, reason);
                roster.doubtful.insert(user.to_owned());
            };
            let Some(status) = value::status(t.get(row, "status")) else {
                refuse(Reason::Unknown("status"));
                continue;
            };
            if user.is_empty() {
                refuse(Reason::Empty("userSourcedId"));
                continue;
            }
            let Some((kind, words)) = role(t.get(row, "role")) else {
                refuse(if t.get(row, "role").is_empty() { Reason::Empty("role") } else { Reason::Unknown("role") });
                continue;
            };
            let Some(person) = self.by_id.get_mut(user) else {
                if self.full {
                    refuse(Reason::NoPerson);
                }
                continue;
            };
            if status == Status::Gone {
                person.ended_roles = true;
                continue;
            }
            person.orgs.extend(value::list(t.get(row, "orgSourcedId")).map(str::to_owned));
            let mut date = |column: &'static str| {
                let text = t.get(row, column);
                let date = value::date(text);
                if date.is_none() && !text.is_empty() {
                    out.add(row.line, Reason::BadDate(column));
                }
                date
            };
            let (begin, end) = (date("beginDate"), date("endDate"));
            if kind == Kind::Pupil {
                let before = person.roles.contains_key(&Kind::Pupil);
                let p = &mut person.pupil;
                p.joined = if before { p.joined.min(begin) } else { begin };
                p.left = if before { p.left.zip(end).map(|(a, b)| a.max(b)) } else { end };
            }
            let primary = t.get(row, "roleType").eq_ignore_ascii_case("primary");
            if primary || !person.roles.contains_key(&kind) {
                person.roles.insert(kind, words);
            }
        }
    }

    fn demographics(&mut self, part: &Part, rejects: &mut Vec<Reject>) {
        let t = &part.table;
        let mut out = part.rejects(rejects);
        for row in &t.rows {
            let id = t.get(row, "sourcedId");
            match value::status(t.get(row, "status")) {
                None => {
                    out.add(row.line, Reason::Unknown("status"));
                    continue;
                }
                Some(Status::Gone) => continue,
                Some(Status::Active) => {}
            }
            if id.is_empty() {
                out.add(row.line, Reason::Empty("sourcedId"));
                continue;
            }
            let Some(person) = self.by_id.get_mut(id) else {
                if self.full {
                    out.add(row.line, Reason::NoPerson);
                }
                continue;
            };
            let born = t.get(row, "birthDate");
            person.pupil.born_on = value::date(born);
            if !born.is_empty() && person.pupil.born_on.is_none() {
                out.add(row.line, Reason::BadDate("birthDate"));
            }
            match sex(t.get(row, "sex")) {
                Some(sex) => person.pupil.sex = sex,
                None => out.add(row.line, Reason::Unknown("sex")),
            }
        }
    }

    /// Whether somebody may be what an enrolment says. Who has no role at all becomes it; who is in no file of changes may.
    pub fn belongs(&mut self, id: &str, kind: Kind) -> bool {
        match self.by_id.get_mut(id) {
            Some(person) if person.roles.is_empty() => {
                person.roles.insert(kind, if kind == Kind::Pupil { "pupil" } else { "class teacher" });
                true
            }
            Some(person) => person.roles.contains_key(&kind),
            None => !self.full,
        }
    }
    /// Whether the id is a user's.
    pub fn knows(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }
    /// Seen in a class of this school.
    pub fn here(&mut self, id: &str) {
        if let Some(person) = self.by_id.get_mut(id) {
            person.here = true;
        }
    }
    /// Seen in a class of another school.
    pub fn elsewhere(&mut self, id: &str) {
        if let Some(person) = self.by_id.get_mut(id) {
            person.elsewhere = true;
        }
    }

    /// Hands the people to the roster.
    pub fn finish(
        &mut self,
        standard: Standard,
        ours: Option<&BTreeSet<String>>,
        rejects: &mut Vec<Reject>,
        roster: &mut Roster,
    ) {
        let contacts = self.contacts(rejects);
        let file = "users.csv";
        let mut unreachable = 0_u32;
        for id in &self.order {
            let Some(person) = self.by_id.get(id) else { continue };
            let mine = ours
                .is_none_or(|ours| person.here || (!person.elsewhere && person.orgs.iter().any(|o| ours.contains(o))));
            if !mine {
                continue;
            }
            let mut pupil = person.pupil.clone();
            if person.roles.is_empty() {
                if person.ended_roles {
                    pupil.gone = true;
                }
                if pupil.gone || !self.full || (standard.has_roles_file() && roster.doubtful.contains(id)) {
                    roster.unexplained.push(pupil);
                } else {
                    rejects.push(Reject { file: file.into(), line: pupil.line, reason: Reason::NoRole });
                    roster.doubtful.insert(id.clone());
                }
                continue;
            }
            if let Some(position) = person.roles.get(&Kind::Staff) {
                let shown = if person.title.is_empty() {
                    format!("{} {}", pupil.first, pupil.last)
                } else {
                    format!("{} {}", person.title, pupil.last)
                };
                roster.staff.push(Staff {
                    source_id: id.clone(),
                    name: shown.trim().chars().take(80).collect(),
                    position: if person.job.is_empty() { (*position).to_owned() } else { person.job.clone() },
                    position_is_said: !person.job.is_empty(),
                    gone: pupil.gone,
                });
            }
            if person.roles.contains_key(&Kind::Pupil) {
                pupil.contacts = contacts.as_ref().map(|all| all.get(id).cloned().unwrap_or_default());
                unreachable +=
                    u32::from(pupil.contacts.as_ref().is_some_and(|all| all.iter().all(|c| c.telephone.is_empty())));
                roster.pupils.push(pupil);
            }
        }
        if unreachable > 0 {
            roster.notes.push(format!("{unreachable} pupils have no contact with a telephone number in this file"));
        }
    }
}
