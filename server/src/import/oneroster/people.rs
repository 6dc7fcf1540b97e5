//! Users, their roles and demographics: pupils, staff, contacts.
//!
//! Must never: look at a password.

use super::files::{Files, Part};
use crate::import::reject::{Reason, Reject};
use crate::import::roster::{Contact, Pupil, Roster, Staff, Standard};
use crate::import::table::Row;
use crate::import::value::{self, Status};
use chrono::NaiveDate;
use shared::upn::Upn;
use std::collections::{BTreeMap, BTreeSet};

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
            person.pupil.born_on = born_on(born);
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

    /// Contacts by pupil; `None` when the file names nobody at all, so that what the office typed stays.
    fn contacts(&self, rejects: &mut Vec<Reject>) -> Option<BTreeMap<String, Vec<Contact>>> {
        let mut found: BTreeMap<String, Vec<Contact>> = BTreeMap::new();
        let mut said = false;
        let contact = |id: &str, person: &Person| Contact {
            name: format!("{} {}", person.pupil.first, person.pupil.last).trim().chars().take(80).collect(),
            relation: person.roles.get(&Kind::Contact).copied().unwrap_or("contact").to_owned(),
            telephone: person.telephone.clone(),
            source_id: Some(id.to_owned()),
        };
        for id in &self.order {
            let Some(person) = self.by_id.get(id) else { continue };
            if !person.roles.contains_key(&Kind::Pupil) {
                continue;
            }
            for agent in &person.agents {
                said = true;
                match self.by_id.get(agent) {
                    Some(other) if other.pupil.gone || other.pupil.last.is_empty() => {}
                    Some(other) => {
                        let all = found.entry(id.clone()).or_default();
                        if !all.iter().any(|c| c.source_id.as_deref() == Some(agent)) && all.len() < 20 {
                            all.push(contact(agent, other));
                        }
                    }
                    None => rejects.push(Reject {
                        file: "users.csv".into(),
                        line: person.pupil.line,
                        reason: Reason::NoContact,
                    }),
                }
            }
        }
        // Some exports link the other way round: the guardian names the children.
        for id in &self.order {
            let Some(person) = self.by_id.get(id).filter(|p| p.roles.contains_key(&Kind::Contact) && !p.pupil.gone)
            else {
                continue;
            };
            for child in &person.agents {
                if self.by_id.get(child).is_some_and(|c| c.roles.contains_key(&Kind::Pupil)) {
                    said = true;
                    let all = found.entry(child.clone()).or_default();
                    if !all.iter().any(|c| c.source_id.as_deref() == Some(id)) && all.len() < 20 {
                        all.push(contact(id, person));
                    }
                }
            }
        }
        said.then_some(found)
    }
}

fn names(part: &Part, row: &Row) -> Result<Pupil, Reason> {
    let t = &part.table;
    let get = |column: &'static str| value::name(t.get(row, column)).ok_or(Reason::BadText(column));
    let (given, family) = (get("givenName")?, get("familyName")?);
    let (first, last) = (get("preferredGivenName")?, get("preferredFamilyName")?);
    if given.is_empty() && first.is_empty() {
        return Err(Reason::Empty("givenName"));
    }
    if family.is_empty() && last.is_empty() {
        return Err(Reason::Empty("familyName"));
    }
    let (first, legal_first) = preferred(first, given);
    let (last, legal_last) = preferred(last, family);
    Ok(Pupil { first, last, legal_first, legal_last, ..Pupil::default() })
}

/// The name to show, and the one in law where it is another.
pub fn preferred(preferred: String, legal: String) -> (String, Option<String>) {
    if preferred.is_empty() || preferred == legal {
        (legal, None)
    } else {
        (preferred, Some(legal).filter(|l| !l.is_empty()))
    }
}

/// A UPN, or what was meant as one.
fn upn_text(part: &Part, row: &Row) -> Option<String> {
    let t = &part.table;
    let own = t.get(row, "metadata.upn");
    if !own.is_empty() {
        return Some(own.to_owned());
    }
    for pair in value::list(t.get(row, "userIds")) {
        if let Some((kind, id)) = pair.trim_matches(['{', '}']).split_once(':')
            && kind.trim().eq_ignore_ascii_case("upn")
        {
            return Some(id.trim().to_owned());
        }
    }
    let shaped = |s: &&str| {
        let b = s.as_bytes();
        b.len() == 13
            && b[0].is_ascii_alphabetic()
            && b[1..12].iter().all(u8::is_ascii_digit)
            && b[12].is_ascii_alphanumeric()
    };
    [t.get(row, "identifier"), t.get(row, "userMasterIdentifier")].into_iter().find(shaped).map(str::to_owned)
}

/// A date of birth: a date not before 1900. (Whether it fits a school is a person's to judge.)
fn born_on(text: &str) -> Option<NaiveDate> {
    value::date(text)
}

/// `F`, `M`, or nothing said; `None` for a word that is not known.
#[allow(clippy::option_option)] // "not said" and "not known" differ
pub fn sex(text: &str) -> Option<Option<&'static str>> {
    match text.trim().to_ascii_lowercase().as_str() {
        "female" | "f" | "girl" => Some(Some("F")),
        "male" | "m" | "boy" => Some(Some("M")),
        "" | "unspecified" | "other" | "u" | "x" => Some(None),
        _ => None,
    }
}
