//! The files of an export by their names: copies told apart, the manifest believed as far as it goes.
//!
//! Must never: read a file under another's name.

use super::Unusable;
use crate::import::manifest::{self, Extent, Manifest};
use crate::import::read::NamedFile;
use crate::import::reject::{Reason, Reject, Rejects};
use crate::import::roster::Standard;
use crate::import::table::{self, Table};
use crate::import::value;

const ORGS: &[&str] = &["sourcedId", "status", "name", "type", "parentSourcedId"];
const SESSIONS: &[&str] = &["sourcedId", "status", "title", "type", "startDate", "endDate"];
const CLASSES: &[&str] =
    &["sourcedId", "status", "title", "grades", "classCode", "classType", "schoolSourcedId", "termSourcedIds"];
const ENROLLMENTS: &[&str] = &[
    "sourcedId",
    "status",
    "classSourcedId",
    "schoolSourcedId",
    "userSourcedId",
    "role",
    "primary",
    "beginDate",
    "endDate",
];
// No password: a column that is not listed is never looked at.
const USERS: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "enabledUser",
    "orgSourcedIds",
    "role",
    "username",
    "userIds",
    "givenName",
    "familyName",
    "middleName",
    "identifier",
    "email",
    "sms",
    "phone",
    "agentSourcedIds",
    "grades",
    "userMasterIdentifier",
    "preferredGivenName",
    "preferredMiddleName",
    "preferredFamilyName",
    "primaryOrgSourcedId",
    "pronouns",
    "metadata.title",
    "metadata.jobTitle",
    "metadata.upn",
];
const ROLES: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "userSourcedId",
    "roleType",
    "role",
    "beginDate",
    "endDate",
    "orgSourcedId",
];
const DEMOGRAPHICS: &[&str] = &["sourcedId", "status", "birthDate", "sex"];

/// Names of files that the standard has and that a register has no use for.
const OTHERS: &[&str] = &[
    "categories",
    "classresources",
    "courses",
    "courseresources",
    "lineitems",
    "lineitemlearningobjectiveids",
    "lineitemscorescales",
    "resources",
    "results",
    "resultlearningobjectiveids",
    "resultscorescales",
    "scorescales",
    "userprofiles",
    "userresources",
];

/// One file, read.
#[derive(Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// All of it, or changes only.
    pub full: bool,
    /// Its rows.
    pub table: Table,
}

impl Part {
    /// Where its rejects go.
    pub fn rejects<'a>(&self, all: &'a mut Vec<Reject>) -> Rejects<'a> {
        Rejects { file: self.name, all }
    }
}

/// The files of an export.
#[derive(Debug)]
pub struct Files {
    /// The version.
    pub standard: Standard,
    /// The system it came from.
    pub system: Option<String>,
    /// `users.csv`.
    pub users: Part,
    /// `classes.csv`.
    pub classes: Part,
    /// `enrollments.csv`.
    pub enrollments: Part,
    /// `orgs.csv`.
    pub orgs: Option<Part>,
    /// `academicSessions.csv`.
    pub sessions: Option<Part>,
    /// `roles.csv`.
    pub roles: Option<Part>,
    /// `demographics.csv`.
    pub demographics: Option<Part>,
}

impl Files {
    /// Tells the files apart and reads those that matter.
    pub fn sort(found: &[NamedFile], rejects: &mut Vec<Reject>) -> Result<Self, Unusable> {
        let manifest = match find(found, "manifest", rejects) {
            Some(file) => manifest::read(file, &mut Rejects { file: "manifest.csv", all: rejects }),
            None => Manifest::default(),
        };
        for file in found {
            let key = value::key(file.name.trim_end_matches(".csv").trim_end_matches(".CSV"));
            if OTHERS.contains(&key.as_str())
                && let Some(original) = copy_of(file, found)
            {
                Rejects { file: &file.name, all: rejects }.add(1, Reason::CopyOf(original));
            }
        }
        let mut read = |name: &'static str, known: &'static [&'static str], required: &[&'static str]| {
            one(name, known, required, found, &manifest, rejects)
        };
        let users = read("users.csv", USERS, &["sourcedId", "givenName", "familyName"]);
        let classes = read("classes.csv", CLASSES, &["sourcedId", "title"]);
        let enrollments = read("enrollments.csv", ENROLLMENTS, &["classSourcedId", "userSourcedId", "role"]);
        let orgs = read("orgs.csv", ORGS, &["sourcedId", "name", "type"]).ok();
        let sessions = read("academicSessions.csv", SESSIONS, &["sourcedId", "startDate", "endDate"]).ok();
        let roles = read("roles.csv", ROLES, &["userSourcedId", "role"]).ok();
        let demographics = read("demographics.csv", DEMOGRAPHICS, &["sourcedId", "birthDate"]).ok();
        let needs = |file: &'static str, why: String| Unusable::Needs { file, why };
        let users = users.map_err(|why| needs("users.csv", why))?;
        let delta = [&users].iter().any(|p| !p.full);
        let or_empty = |part: Result<Part, String>, name: &'static str, known: &'static [&'static str]| match part {
            Ok(part) => Ok(part),
            // Changes need not touch every file.
            Err(_) if delta => Ok(Part { name, full: false, table: empty(known) }),
            Err(why) => Err(needs(name, why)),
        };
        let classes = or_empty(classes, "classes.csv", CLASSES)?;
        let enrollments = or_empty(enrollments, "enrollments.csv", ENROLLMENTS)?;
        let standard = manifest.standard.unwrap_or(if roles.is_some() && !users.table.has("role") {
            Standard::OneRoster12
        } else {
            Standard::OneRoster11
        });
        Ok(Self { standard, system: manifest.system, users, classes, enrollments, orgs, sessions, roles, demographics })
    }

    /// Those that were read.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let always = [Some(&self.users), Some(&self.classes), Some(&self.enrollments)];
        let maybe = [self.orgs.as_ref(), self.sessions.as_ref(), self.roles.as_ref(), self.demographics.as_ref()];
        always.into_iter().chain(maybe).flatten()
    }
}

fn empty(known: &'static [&'static str]) -> Table {
    let mut none = Vec::new();
    let header = known.join(",");
    table::read(header.as_bytes(), known, &[], &mut Rejects { file: "", all: &mut none }).unwrap_or_default()
}

fn find<'a>(found: &'a [NamedFile], name: &str, rejects: &mut Vec<Reject>) -> Option<&'a NamedFile> {
    let wanted = format!("{}csv", value::key(name));
    let mut named = found.iter().filter(|f| value::key(&f.name) == wanted);
    let first = named.next();
    for other in named {
        Rejects { file: &other.name, all: rejects }.add(1, Reason::SameName);
    }
    first
}

fn copy_of(file: &NamedFile, found: &[NamedFile]) -> Option<String> {
    let same = |other: &&NamedFile| {
        other.name != file.name && other.bytes == file.bytes && !file.bytes.trim_ascii().is_empty()
    };
    found.iter().find(same).map(|other| other.name.clone())
}

fn one(
    name: &'static str,
    known: &'static [&'static str],
    required: &[&'static str],
    found: &[NamedFile],
    manifest: &Manifest,
    rejects: &mut Vec<Reject>,
) -> Result<Part, String> {
    let stem = name.trim_end_matches(".csv");
    let said = manifest.extent(stem);
    let file = find(found, stem, rejects);
    match (file, said) {
        (None, Some((Extent::Bulk | Extent::Delta, line))) => {
            Rejects { file: "manifest.csv", all: rejects }.add(line, Reason::FileMissing);
            Err("is promised by the manifest and not there".into())
        }
        (None, _) => Err("is not there".into()),
        (Some(_), Some((Extent::Absent, line))) => {
            Rejects { file: "manifest.csv", all: rejects }.add(line, Reason::FileAbsent);
            Err("is absent, says the manifest".into())
        }
        (Some(file), _) => {
            let mut mine = Vec::new();
            match table::read(&file.bytes, known, required, &mut Rejects { file: name, all: &mut mine }) {
                Some(table) => {
                    rejects.append(&mut mine);
                    let full = !matches!(said, Some((Extent::Delta, _)));
                    Ok(Part { name, full, table })
                }
                None => match copy_of(file, found) {
                    Some(original) => {
                        Rejects { file: name, all: rejects }.add(1, Reason::CopyOf(original.clone()));
                        Err(format!("is a copy of {original}"))
                    }
                    None => {
                        let why = mine
                            .first()
                            .map_or_else(|| "cannot be read".into(), |r| format!("cannot be read: {}", r.reason));
                        rejects.append(&mut mine);
                        Err(why)
                    }
                },
            }
        }
    }
}
