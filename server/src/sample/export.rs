//! The sample school as its directory would export it: OneRoster 1.2, in a folder.
//!
//! Must never: take a short way into the school's file. The roster comes in through the importer.

use super::people::{People, Room};
use crate::import::read::NamedFile;
use chrono::NaiveDate;
use csv::Writer;

/// What the export says about the school year.
#[derive(Debug, Clone, Copy)]
pub struct Year {
    /// First day with pupils.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
}

type Made = Result<Vec<u8>, csv::Error>;

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Made {
    let mut out = Writer::from_writer(Vec::new());
    out.write_record(header)?;
    for row in rows {
        out.write_record(&row)?;
    }
    out.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

/// The files. `last_year` writes where everybody was before.
///
/// # Errors
/// Never in memory; the writer's own type.
pub fn files(people: &People, school: &str, this: Year, last_year: Option<Year>) -> Result<Vec<NamedFile>, csv::Error> {
    let named = |name: &str, bytes: Made| bytes.map(|bytes| NamedFile { name: name.into(), bytes });
    let s = str::to_owned;
    Ok(vec![
        named("manifest.csv", manifest())?,
        named(
            "orgs.csv",
            table(
                &["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"],
                [vec![s("school"), s("active"), s(""), s(school), s("school"), s(""), s("")]],
            ),
        )?,
        named("academicSessions.csv", sessions(this, last_year))?,
        named("classes.csv", classes(people))?,
        named("users.csv", users(people))?,
        named("roles.csv", roles(people))?,
        named("demographics.csv", demographics(people))?,
        named("enrollments.csv", enrollments(people, this, last_year))?,
    ])
}

fn manifest() -> Made {
    let rows = [
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        ("file.academicSessions", "bulk"),
        ("file.categories", "absent"),
        ("file.classes", "bulk"),
        ("file.courses", "absent"),
        ("file.demographics", "bulk"),
        ("file.enrollments", "bulk"),
        ("file.orgs", "bulk"),
        ("file.roles", "bulk"),
        ("file.users", "bulk"),
        ("source.systemName", "Sample directory"),
        ("source.systemCode", "sample"),
    ];
    table(&["propertyName", "value"], rows.map(|(a, b)| vec![a.to_owned(), b.to_owned()]))
}

fn sessions(this: Year, last_year: Option<Year>) -> Made {
    let row = |id: &str, year: Year| {
        let title = format!("{}/{}", year.first.format("%Y"), year.last.format("%y"));
        let dates = [year.first.to_string(), year.last.to_string()];
        let [first, last] = dates;
        vec![
            id.into(),
            "active".into(),
            String::new(),
            title,
            "schoolYear".into(),
            first,
            last,
            String::new(),
            year.last.format("%Y").to_string(),
        ]
    };
    let rows = [Some(row("this-year", this)), last_year.map(|y| row("last-year", y))];
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "type",
        "startDate",
        "endDate",
        "parentSourcedId",
        "schoolYear",
    ];
    table(&header, rows.into_iter().flatten())
}

fn classes(people: &People) -> Made {
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "title",
        "grades",
        "courseSourcedId",
        "classCode",
        "classType",
        "location",
        "schoolSourcedId",
        "termSourcedIds",
        "subjects",
        "subjectCodes",
        "periods",
    ];
    let row = |room: &Room| {
        let grade = if room.year == 0 { "R".to_owned() } else { format!("{:02}", room.year) };
        let e = String::new;
        vec![
            room.source_id(),
            "active".into(),
            e(),
            room.name(),
            grade,
            "registration".into(),
            e(),
            "homeroom".into(),
            e(),
            "school".into(),
            "this-year".into(),
            e(),
            e(),
            e(),
        ]
    };
    table(&header, people.rooms.iter().map(row))
}

fn users(people: &People) -> Made {
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "enabledUser",
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
        "password",
        "userMasterIdentifier",
        "preferredGivenName",
        "preferredMiddleName",
        "preferredFamilyName",
        "primaryOrgSourcedId",
        "pronouns",
        "metadata.title",
        "metadata.jobTitle",
    ];
    let row = |id: &str, names: [&str; 3], upn: &str, phone: &str, agents: String, work: [&str; 2]| {
        let e = String::new;
        vec![
            id.to_owned(),
            "active".into(),
            e(),
            "true".into(),
            id.to_owned(),
            e(),
            names[0].into(),
            names[1].into(),
            e(),
            upn.into(),
            e(),
            e(),
            phone.into(),
            agents,
            e(),
            e(),
            e(),
            names[2].into(),
            e(),
            e(),
            "school".into(),
            e(),
            work[0].into(),
            work[1].into(),
        ]
    };
    let children = people.children.iter().map(|c| {
        let agents: Vec<&str> = c.carers.iter().map(|i| people.carers[*i].source_id.as_str()).collect();
        let known = c.known_as.as_deref().unwrap_or("");
        row(&c.source_id, [&c.given, &c.family, known], &c.upn, "", agents.join(","), ["", ""])
    });
    let carers = people
        .carers
        .iter()
        .map(|c| row(&c.source_id, [&c.first, &c.last, ""], "", &c.telephone, String::new(), ["", ""]));
    let staff = people
        .staff
        .iter()
        .map(|w| row(&w.source_id, [&w.first, &w.last, ""], "", "", String::new(), [w.title, w.position]));
    table(&header, children.chain(carers).chain(staff))
}

fn roles(people: &People) -> Made {
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "userSourcedId",
        "roleType",
        "role",
        "beginDate",
        "endDate",
        "orgSourcedId",
        "userProfileSourcedId",
    ];
    let row = |id: &str, role: &str, begin: String| {
        let e = String::new;
        vec![
            format!("role-{id}"),
            "active".into(),
            e(),
            id.into(),
            "primary".into(),
            role.into(),
            begin,
            e(),
            "school".into(),
            e(),
        ]
    };
    let children = people.children.iter().map(|c| row(&c.source_id, "student", c.joined.to_string()));
    let carers = people.carers.iter().map(|c| row(&c.source_id, c.role, String::new()));
    let staff = people.staff.iter().map(|w| row(&w.source_id, w.role, String::new()));
    table(&header, children.chain(carers).chain(staff))
}

fn demographics(people: &People) -> Made {
    let row = |c: &super::people::Child| {
        vec![c.source_id.clone(), "active".into(), String::new(), c.born.to_string(), c.sex.into()]
    };
    table(&["sourcedId", "status", "dateLastModified", "birthDate", "sex"], people.children.iter().map(row))
}

fn enrollments(people: &People, this: Year, last_year: Option<Year>) -> Made {
    let header = [
        "sourcedId",
        "status",
        "dateLastModified",
        "classSourcedId",
        "schoolSourcedId",
        "userSourcedId",
        "role",
        "primary",
        "beginDate",
        "endDate",
    ];
    let row = |id: String, room: Room, user: &str, role: &str, begin: String, end: String| {
        vec![
            id,
            "active".into(),
            String::new(),
            room.source_id(),
            "school".into(),
            user.into(),
            role.into(),
            "true".into(),
            begin,
            end,
        ]
    };
    let now = people.children.iter().map(|c| {
        let begin = c.joined.max(this.first).to_string();
        row(format!("place-{}", c.source_id), c.room, &c.source_id, "student", begin, String::new())
    });
    let before = people.children.iter().filter_map(|c| {
        let year = last_year?;
        let room = (c.room.year > 0 && c.joined <= year.last).then_some(Room { year: c.room.year - 1, ..c.room })?;
        let dates = [c.joined.max(year.first).to_string(), year.last.to_string()];
        let [begin, end] = dates;
        Some(row(format!("before-{}", c.source_id), room, &c.source_id, "student", begin, end))
    });
    let teaching = people.staff.iter().filter_map(|w| {
        let room = w.room?;
        Some(row(
            format!("teaches-{}", w.source_id),
            room,
            &w.source_id,
            "teacher",
            this.first.to_string(),
            String::new(),
        ))
    });
    table(&header, now.chain(before).chain(teaching))
}
