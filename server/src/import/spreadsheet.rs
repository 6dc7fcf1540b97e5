//! Our own `pupils.csv`, one row a pupil: for a school with neither OneRoster nor a transfer file.
//!
//! Must never: take a pupil's absence from the sheet for leaving. Leaving is said in its own column.

use super::oneroster::{preferred, sex};
use super::read::NamedFile;
use super::reject::{Reason, Reject, Rejects};
use super::roster::{Class, Contact, Membership, Place, Pupil, Roster, Standard};
use super::table::{self, Row, Table};
use super::value;
use shared::upn::Upn;
use std::collections::{BTreeMap, BTreeSet};

/// The file's name.
pub const NAME: &str = "pupils.csv";
/// What the office page offers for download: the header, with a byte order mark so that spreadsheets keep accents.
pub const TEMPLATE: &str = "\u{feff}Class,Year group,First name,Surname,Legal first name,Legal surname,Date of birth,Sex,UPN,\
Joined,Left,FSM,Pupil premium,SEND,Looked after,Social worker,EHC plan,\
Contact 1 name,Contact 1 relation,Contact 1 telephone,Contact 2 name,Contact 2 relation,Contact 2 telephone,\
Contact 3 name,Contact 3 relation,Contact 3 telephone,Contact 4 name,Contact 4 relation,Contact 4 telephone,\
Contact 5 name,Contact 5 relation,Contact 5 telephone\r\n";
/// Contacts written by this door are told from the office's own by this mark.
pub const CONTACT_SOURCE: &str = "pupils.csv";

const COLUMNS: &[&str] = &[
    "UPN",
    "Class",
    "Year group",
    "First name",
    "Surname",
    "Legal first name",
    "Legal surname",
    "Date of birth",
    "Sex",
    "Joined",
    "Left",
    "FSM",
    "Pupil premium",
    "SEND",
    "Looked after",
    "Social worker",
    "Looked after or social worker",
    "EHC plan",
    "Contact 1 name",
    "Contact 1 relation",
    "Contact 1 telephone",
    "Contact 2 name",
    "Contact 2 relation",
    "Contact 2 telephone",
    "Contact 3 name",
    "Contact 3 relation",
    "Contact 3 telephone",
    "Contact 4 name",
    "Contact 4 relation",
    "Contact 4 telephone",
    "Contact 5 name",
    "Contact 5 relation",
    "Contact 5 telephone",
    // What other systems call the same.
    "Registration group",
    "Year",
    "Forename",
    "Last name",
    "Preferred name",
    "DOB",
    "Gender",
];

const CONTACTS: [[&str; 3]; 5] = [
    ["Contact 1 name", "Contact 1 relation", "Contact 1 telephone"],
    ["Contact 2 name", "Contact 2 relation", "Contact 2 telephone"],
    ["Contact 3 name", "Contact 3 relation", "Contact 3 telephone"],
    ["Contact 4 name", "Contact 4 relation", "Contact 4 telephone"],
    ["Contact 5 name", "Contact 5 relation", "Contact 5 telephone"],
];

/// Understands the sheet. `None` when it cannot be read at all: a reject says why.
pub fn parse(file: &NamedFile, rejects: &mut Vec<Reject>) -> Option<Roster> {
    let mut out = Rejects { file: NAME, all: rejects };
    let table = table::read(&file.bytes, COLUMNS, &[], &mut out)?;
    for needed in [["Class", "Registration group"], ["First name", "Forename"], ["Surname", "Last name"]] {
        if !needed.iter().any(|c| table.has(c)) {
            out.add(1, Reason::NoColumn(needed[0]));
            return None;
        }
    }
    let mut roster = Roster::empty(Standard::Spreadsheet);
    for (found, meant) in &table.respelt {
        roster.notes.push(format!("{NAME}: the column “{found}” was read as {meant}"));
    }
    let mut sheet =
        Sheet { table: &table, out, upns: BTreeSet::new(), people: BTreeSet::new(), classes: BTreeMap::new() };
    for row in &table.rows {
        match sheet.pupil(row) {
            Ok((pupil, class)) => {
                if let Some(class) = class {
                    roster.memberships.push(Membership {
                        pupil: pupil.key.clone(),
                        class,
                        from: None,
                        until: None,
                        gone: false,
                        primary: true,
                        place: Place { file: NAME, line: row.line },
                    });
                }
                roster.pupils.push(pupil);
            }
            Err(reason) => sheet.out.add(row.line, reason),
        }
    }
    roster.classes = sheet.classes.into_values().collect();
    Some(roster)
}

struct Sheet<'a> {
    table: &'a Table,
    out: Rejects<'a>,
    upns: BTreeSet<String>,
    people: BTreeSet<(String, String, Option<chrono::NaiveDate>)>,
    classes: BTreeMap<String, Class>,
}

impl Sheet<'_> {
    fn any<'r>(&self, row: &'r Row, columns: [&str; 2]) -> &'r str {
        let first = self.table.get(row, columns[0]);
        if first.is_empty() { self.table.get(row, columns[1]) } else { first }
    }

    fn name(&self, row: &Row, columns: [&'static str; 2]) -> Result<String, Reason> {
        value::name(self.any(row, columns)).ok_or(Reason::BadText(columns[0]))
    }

    fn date(&mut self, row: &Row, columns: [&'static str; 2]) -> Option<chrono::NaiveDate> {
        let text = self.any(row, columns);
        let date = value::date(text);
        if date.is_none() && !text.is_empty() {
            self.out.add(row.line, Reason::BadDate(columns[0]));
        }
        date
    }

    fn flag(&mut self, row: &Row, column: &'static str) -> Option<bool> {
        if !self.table.has(column) {
            return None;
        }
        let yes = value::yes(self.table.get(row, column));
        if yes.is_none() {
            self.out.add(row.line, Reason::Unknown(column));
        }
        yes
    }

    fn pupil(&mut self, row: &Row) -> Result<(Pupil, Option<String>), Reason> {
        let shown = self.name(row, ["First name", "Forename"])?;
        let going_by = self.name(row, ["Preferred name", "First name"])?;
        let last = self.name(row, ["Surname", "Last name"])?;
        if shown.is_empty() {
            return Err(Reason::Empty("First name"));
        }
        if last.is_empty() {
            return Err(Reason::Empty("Surname"));
        }
        let legal_first = self.name(row, ["Legal first name", "Legal first name"])?;
        let legal_last = self.name(row, ["Legal surname", "Legal surname"])?;
        let class = self.name(row, ["Class", "Registration group"])?;
        let (mut first, legal_of_preferred) = preferred(going_by, shown);
        if first.is_empty() {
            first = legal_of_preferred.clone().unwrap_or_default();
        }
        let legal_first = Some(legal_first).filter(|l| !l.is_empty()).or(legal_of_preferred);
        let born_on = self.date(row, ["Date of birth", "DOB"]);
        let (joined, left) = (self.date(row, ["Joined", "Joined"]), self.date(row, ["Left", "Left"]));
        if joined.zip(left).is_some_and(|(joined, left)| left < joined) {
            return Err(Reason::EndsFirst);
        }
        if class.is_empty() && left.is_none() {
            return Err(Reason::Empty("Class"));
        }
        if !self.people.insert((first.to_lowercase(), last.to_lowercase(), born_on)) {
            return Err(Reason::SamePupil);
        }
        let upn_text = self.table.get(row, "UPN");
        let upn = match upn_text.parse::<Upn>() {
            _ if upn_text.is_empty() => None,
            Ok(upn) if self.upns.insert(upn.as_str().to_owned()) => Some(upn.as_str().to_owned()),
            Ok(_) => {
                self.out.add(row.line, Reason::SameUpn);
                None
            }
            Err(_) => {
                self.out.add(row.line, Reason::BadUpn);
                None
            }
        };
        let sex = sex(self.any(row, ["Sex", "Gender"])).unwrap_or_else(|| {
            self.out.add(row.line, Reason::Unknown("Sex"));
            None
        });
        let send = self.send(row);
        let both = self.flag(row, "Looked after or social worker");
        let looked_after = self.flag(row, "Looked after");
        let social_worker = self.flag(row, "Social worker").or(both);
        let contacts = self.contacts(row)?;
        let pupil = Pupil {
            key: format!("line {}", row.line),
            source_id: None,
            line: row.line,
            gone: false,
            legal_first: legal_first.filter(|l| *l != first),
            legal_last: Some(legal_last).filter(|l| !l.is_empty() && *l != last),
            first,
            last,
            upn,
            born_on,
            sex,
            joined,
            left,
            left_is_said: self.table.has("Left"),
            fsm: self.flag(row, "FSM"),
            pupil_premium: self.flag(row, "Pupil premium"),
            send,
            looked_after,
            social_worker,
            ehcp: self.flag(row, "EHC plan"),
            contacts,
        };
        Ok((pupil, (!class.is_empty()).then(|| self.class(row, class))))
    }

    fn class(&mut self, row: &Row, name: String) -> String {
        let key = name.to_lowercase();
        let said = self.any(row, ["Year group", "Year"]);
        let year = value::year(said).or_else(|| value::name(said).filter(|s| !s.is_empty()).map(|s| (s, 50)));
        let class = self.classes.entry(key.clone()).or_insert_with(|| Class {
            key: key.clone(),
            source_id: None,
            name,
            year: None,
            sort: None,
            gone: false,
            begins: None,
        });
        if class.year.is_none()
            && let Some((year, sort)) = year
        {
            class.year = Some(year);
            class.sort = Some(sort);
        }
        key
    }

    fn send(&mut self, row: &Row) -> Option<&'static str> {
        if !self.table.has("SEND") {
            return None;
        }
        match value::key(self.table.get(row, "SEND")).as_str() {
            "" | "n" | "no" | "none" => Some("none"),
            "k" | "support" | "sensupport" | "sendsupport" | "y" | "yes" => Some("support"),
            "e" | "ehcp" | "ehcplan" | "plan" => Some("EHC plan"),
            _ => {
                self.out.add(row.line, Reason::Unknown("SEND"));
                None
            }
        }
    }

    fn contacts(&mut self, row: &Row) -> Result<Option<Vec<Contact>>, Reason> {
        if !self.table.has(CONTACTS[0][0]) {
            return Ok(None);
        }
        let mut found = Vec::new();
        for [name, relation, telephone] in CONTACTS {
            let person = value::name(self.table.get(row, name)).ok_or(Reason::BadText(name))?;
            let relation = value::name(self.table.get(row, relation)).ok_or(Reason::BadText(relation))?;
            let telephone = value::name(self.table.get(row, telephone)).ok_or(Reason::BadText(telephone))?;
            if !person.is_empty() {
                let relation = if relation.is_empty() { "contact".into() } else { relation };
                found.push(Contact { name: person, relation, telephone, source_id: Some(CONTACT_SOURCE.into()) });
            } else if !telephone.is_empty() {
                self.out.add(row.line, Reason::ContactWithoutName);
            }
        }
        Ok(Some(found))
    }
}
