//! Imports into a real school's file: one test a kind of dirt, second imports, leavers, dry runs, arbitrary bytes.

mod dirt;
mod doors;
mod over_time;
mod sheet;

use super::*;
use crate::clock::Clock;
use crate::store::{School, Stores};
use crate::testing::{self, Folder};
use shared::id::SchoolId;
use std::sync::Arc;

/// A school in a folder of its own.
struct Bed {
    school: Arc<School>,
    stores: Arc<Stores>,
    _folder: Folder,
    next: std::cell::Cell<u64>,
}

/// Noon UTC of a date.
fn now(date: &str) -> Now {
    let date: NaiveDate = date.parse().unwrap();
    Now { at: Millis(date.and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp_millis()), sure: true }
}
fn officer() -> Officer {
    Officer::Person { name: Name::new("Ms Ode").unwrap(), position: Name::new("office manager").unwrap() }
}

impl Bed {
    fn new() -> Self {
        let folder = testing::folder();
        let stores = Stores::open(folder.path(), Clock::system()).unwrap();
        let school = stores.add_school(SchoolId::from_bytes([7; 16]), "elm", "Elm Primary").unwrap();
        let calendar = shared::calendar::Calendar::sample_primary(2026).unwrap();
        let body = serde_json::to_string(&calendar).unwrap();
        school
            .write_now(move |tx| {
                tx.execute("INSERT INTO calendar(body, set_at, set_by) VALUES (?1, 0, 'the test')", [body])?;
                Ok(())
            })
            .unwrap();
        Self { school, stores, _folder: folder, next: std::cell::Cell::new(1) }
    }
    fn try_import(&self, date: &str, files: &[NamedFile], request: &Request) -> Result<Report, ImportError> {
        let (files, request, now, mut n) = (files.to_vec(), request.clone(), now(date), self.next.get());
        self.next.set(n + 100_000);
        let mut ids = move || {
            n += 1;
            let mut id = [0; 16];
            id[8..].copy_from_slice(&n.to_be_bytes());
            id
        };
        self.school.write_now(move |tx| run(tx, &files, &request, now, &officer(), &mut ids)).unwrap()
    }
    fn import(&self, date: &str, files: &[NamedFile]) -> Report {
        self.try_import(date, files, &Request::default()).unwrap()
    }
    fn look(&self, date: &str, files: &[NamedFile]) -> Looked {
        let today = date.parse().unwrap();
        self.school.read_now(|tx| Ok(look(tx, files, &Request::default(), today, &mut || [9; 16]))).unwrap().unwrap()
    }
    /// Every value of every table, as text: what "changes nothing" means.
    fn dump(&self) -> String {
        self.school
            .read_now(|tx| {
                let mut names = tx.prepare(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
                )?;
                let names: Vec<String> = names.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
                let mut out = String::new();
                for name in names {
                    out.push_str(&format!("== {name}\n"));
                    let mut all = tx.prepare(&format!("SELECT * FROM {name}"))?;
                    let columns = all.column_count();
                    let mut rows = all.query([])?;
                    while let Some(row) = rows.next()? {
                        for at in 0..columns {
                            out.push_str(&format!("{:?}|", row.get_ref(at)?));
                            if let Ok(text) = row.get::<_, String>(at) {
                                out.push_str(&text);
                            }
                        }
                        out.push('\n');
                    }
                }
                Ok(out)
            })
            .unwrap()
    }
    /// The rows of a query, values joined with a bar.
    fn rows(&self, sql: &str) -> Vec<String> {
        self.school
            .read_now(|tx| {
                let mut q = tx.prepare(sql)?;
                let columns = q.column_count();
                let mut rows = q.query([])?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    let cells: Vec<String> = (0..columns)
                        .map(|at| match row.get_ref(at).unwrap() {
                            rusqlite::types::ValueRef::Null => "-".into(),
                            rusqlite::types::ValueRef::Integer(n) => n.to_string(),
                            rusqlite::types::ValueRef::Text(t) => String::from_utf8(t.to_vec()).unwrap(),
                            other => format!("{other:?}"),
                        })
                        .collect();
                    out.push(cells.join("|"));
                }
                Ok(out)
            })
            .unwrap()
    }
    fn places(&self) -> Vec<String> {
        self.rows(
            "SELECT p.first, c.name, m.from_on, m.from_half, m.until_on, m.until_half FROM membership m
             JOIN pupil p ON p.id = m.pupil JOIN class c ON c.id = m.class ORDER BY p.first, m.from_on, m.from_half",
        )
    }
    fn rolls(&self) -> Vec<String> {
        self.rows(
            "SELECT p.first, e.joined_on, e.left_on FROM enrolment e JOIN pupil p ON p.id = e.pupil ORDER BY p.first, e.joined_on",
        )
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stores.stop();
    }
}

/// A file.
fn file(name: &str, text: impl AsRef<[u8]>) -> NamedFile {
    NamedFile { name: name.into(), bytes: text.as_ref().to_vec() }
}

/// Replaces a file of an export, or adds it.
fn with(mut files: Vec<NamedFile>, name: &str, text: impl AsRef<[u8]>) -> Vec<NamedFile> {
    files.retain(|f| f.name != name);
    files.push(file(name, text));
    files
}

/// What was not taken: file, line, kind.
fn kinds(report: &Report) -> Vec<(&str, u32, &'static str)> {
    report.reject_rows.iter().map(|r| (r.file.as_str(), r.line, r.reason.kind())).collect()
}

const MANIFEST_12: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.academicSessions,bulk\nfile.classes,bulk\nfile.demographics,bulk\nfile.enrollments,bulk\nfile.orgs,bulk\nfile.roles,bulk\nfile.users,bulk\nsource.systemName,Sample MIS\n";
const ORGS: &str =
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\no1,active,,Elm Primary,school,,\n";
const SESSIONS: &str = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\ns1,active,,2026/27,schoolYear,2026-09-01,2027-07-21,,2027\n";
const CLASSES: &str = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nc3,active,,3 Willow,03,k,3W,homeroom,,o1,s1,,,\nc4,active,,4 Oak,04,k,4O,homeroom,,o1,s1,,,\ncm,active,,Maths,04,k,M,scheduled,,o1,s1,,,\n";
const USERS_12: &str = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n\
p1,active,,true,ava,,Ava,Okoro,,H801200001001,,,,\"g1,g2\",03,Secret-of-Ava,,,,,o1,\n\
p2,active,,true,ben,{UPN:B801200005001},Benjamin,Shah,,,,,,g2,04,Secret-of-Ben,,Ben,,,o1,\n\
p3,active,,true,cem,,Cem,Aydin,,,,,,,04,,,,,,o1,\n\
g1,active,,true,g1,,Ngozi,Okoro,,,,07700 900123,,,,Secret-of-Ngozi,,,,,o1,\n\
g2,active,,true,g2,,Rhys,Pugh,,,,,07700 900124,,,,,,,,o1,\n\
t1,active,,true,t1,,Asha,Patel,,,,,,,,Secret-of-Asha,,,,,o1,\n";
const ROLES: &str = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n\
r1,active,,p1,primary,student,2023-09-04,,o1,\nr2,active,,p2,primary,student,2022-09-05,,o1,\nr3,active,,p3,primary,student,2026-09-02,,o1,\n\
r4,active,,g1,primary,guardian,,,o1,\nr5,active,,g2,primary,parent,,,o1,\nr6,active,,t1,primary,teacher,,,o1,\n";
const DEMOGRAPHICS: &str = "sourcedId,status,dateLastModified,birthDate,sex\np1,active,,2019-01-30,female\np2,active,,2/05/2018,male\np3,active,,2018-06-01,unspecified\n";
const ENROLLMENTS: &str = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n\
e1,active,,c3,o1,p1,student,true,2026-09-02,\ne2,active,,c4,o1,p2,student,true,2026-09-02,\ne3,active,,c4,o1,p3,student,true,2026-09-02,\n\
e4,active,,c3,o1,t1,teacher,true,,\ne5,active,,cm,o1,p2,student,false,2026-09-02,\n";

/// A clean export of OneRoster 1.2: three pupils, two registration groups, one maths set.
fn clean() -> Vec<NamedFile> {
    vec![
        file("manifest.csv", MANIFEST_12),
        file("orgs.csv", ORGS),
        file("academicSessions.csv", SESSIONS),
        file("classes.csv", CLASSES),
        file("users.csv", USERS_12),
        file("roles.csv", ROLES),
        file("demographics.csv", DEMOGRAPHICS),
        file("enrollments.csv", ENROLLMENTS),
    ]
}

#[test]
fn a_clean_export_comes_in_whole() {
    let bed = Bed::new();
    let report = bed.import("2026-11-23", &clean());
    assert_eq!(kinds(&report), []);
    assert_eq!((report.pupils, report.classes, report.enrolments, report.staff), (3, 2, 3, 1));
    assert_eq!((report.other_classes, report.other_enrolments, report.contacts, report.on_roll), (1, 1, 3, 3));
    assert!(report.written && report.changed && report.whole);
    assert_eq!(
        bed.rows("SELECT first, last, legal_first, upn, born_on, sex FROM pupil ORDER BY first"),
        [
            "Ava|Okoro|-|H801200001001|2019-01-30|F",
            "Ben|Shah|Benjamin|B801200005001|2018-05-02|M",
            "Cem|Aydin|-|-|2018-06-01|-"
        ]
    );
    assert_eq!(
        bed.rows("SELECT name, year, ended_on FROM class ORDER BY sort"),
        ["3 Willow|Year 3|-", "4 Oak|Year 4|-"]
    );
    assert_eq!(bed.rolls(), ["Ava|2023-09-04|-", "Ben|2022-09-05|-", "Cem|2026-09-02|-"]);
    assert_eq!(
        bed.places(),
        ["Ava|3 Willow|2026-09-02|am|-|pm", "Ben|4 Oak|2026-09-02|am|-|pm", "Cem|4 Oak|2026-09-02|am|-|pm"]
    );
    assert_eq!(
        bed.rows("SELECT p.first, k.rank, k.name, k.relation, k.telephone FROM contact k JOIN pupil p ON p.id = k.pupil ORDER BY 1, 2"),
        ["Ava|1|Ngozi Okoro|guardian|07700 900123", "Ava|2|Rhys Pugh|parent|07700 900124", "Ben|1|Rhys Pugh|parent|07700 900124"]
    );
    assert_eq!(
        bed.rows("SELECT s.name, s.position, c.name FROM staff s JOIN staff_class t ON t.staff = s.id JOIN class c ON c.id = t.class"),
        ["Asha Patel|class teacher|3 Willow"]
    );
}

#[test]
fn a_password_reaches_no_table() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let dump = bed.dump();
    assert!(dump.contains("Okoro"), "the dump holds what was imported");
    assert!(!dump.contains("Secret-of"));
}

#[test]
fn a_second_import_of_the_same_data_changes_nothing() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let (before, changes) = (bed.dump(), *bed.school.changes().borrow());
    let report = bed.import("2026-11-24", &clean());
    assert!(!report.changed);
    assert_eq!(bed.dump(), before);
    assert_eq!(*bed.school.changes().borrow(), changes, "nobody is woken");
}

#[test]
fn a_dry_run_reads_only() {
    let bed = Bed::new();
    let looked = bed.look("2026-11-23", &clean());
    assert_eq!((looked.report.pupils, looked.report.changes.new_pupils), (3, 3));
    let empty = bed.dump();
    bed.look("2026-11-23", &clean());
    assert_eq!(bed.dump(), empty);
    bed.import("2026-11-23", &clean());
    let before = std::fs::read(bed.school.path()).unwrap();
    bed.look("2026-12-01", &with(clean(), "users.csv", USERS_12.replace("Ava", "Eva")));
    assert_eq!(std::fs::read(bed.school.path()).unwrap(), before, "not one byte");
}
