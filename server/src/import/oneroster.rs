//! OneRoster 1.1 and 1.2 as CSV files → a roster.
//!
//! Must never: read the password column, or decide what changes. That is [`super::plan`]'s.

mod classes;
mod files;
mod people;

use super::read::NamedFile;
use super::reject::{Reason, Reject};
use super::roster::{Choice, Membership, Place, Roster, Standard, Teaching};
use super::{value, value::Status};
use files::Files;
use people::Kind;
pub use people::{preferred, sex};
use std::collections::BTreeSet;

/// Why the export as a whole cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file without which there is no roster.
    #[error("{file} {why}. A roster needs users.csv, classes.csv and enrollments.csv: export it again with these")]
    Needs {
        /// The file.
        file: &'static str,
        /// In words.
        why: String,
    },
}

/// Understands the files. Rows that cannot be taken go to `rejects`.
///
/// # Errors
/// [`Unusable`] when there is nothing that could be taken.
pub fn parse(found: &[NamedFile], choice: &Choice, rejects: &mut Vec<Reject>) -> Result<Roster, Unusable> {
    let mut files = Files::sort(found, rejects)?;
    let mut roster = Roster::empty(files.standard);
    roster.system = files.system.take();
    roster.people_full = files.users.full;
    roster.classes_full = files.classes.full;
    roster.enrolments_full = files.enrollments.full;
    for part in files.parts() {
        for (found, meant) in &part.table.respelt {
            roster.notes.push(format!("{}: the column “{found}” was read as {meant}", part.name));
        }
        roster.doubtful.extend(part.table.lost.iter().cloned());
        roster.blind |= part.table.blind;
    }
    let schools = classes::schools(&files, choice, rejects, &mut roster);
    let sessions = classes::sessions(&files, rejects);
    let mut people = people::read(&files, rejects, &mut roster);
    let mut rooms = classes::read(&files, &sessions, schools.as_ref(), rejects, &mut roster);
    rooms.choose(&choice.classes, &mut roster);
    enrolments(&files, schools.as_ref(), &mut people, &mut rooms, rejects, &mut roster);
    rooms.finish(&mut roster);
    people.finish(files.standard, schools.as_ref(), rejects, &mut roster);
    let years = people.years;
    classes::years_from_pupils(&mut roster, &years);
    Ok(roster)
}

fn enrolments(
    files: &Files,
    schools: Option<&BTreeSet<String>>,
    people: &mut people::People,
    rooms: &mut classes::Rooms,
    rejects: &mut Vec<Reject>,
    roster: &mut Roster,
) {
    let part = &files.enrollments;
    let t = &part.table;
    let mut seen = BTreeSet::new();
    let mut out = part.rejects(rejects);
    for row in &t.rows {
        let (id, class, user) = (t.get(row, "sourcedId"), t.get(row, "classSourcedId"), t.get(row, "userSourcedId"));
        let mut refuse = |reason| {
            out.add(row.line, reason);
            roster.doubtful.insert(user.to_owned());
        };
        let Some(status) = value::status(t.get(row, "status")) else {
            refuse(Reason::Unknown("status"));
            continue;
        };
        if let Some(empty) = [("classSourcedId", class), ("userSourcedId", user)].iter().find(|(_, v)| v.is_empty()) {
            refuse(Reason::Empty(empty.0));
            continue;
        }
        if !id.is_empty() && !seen.insert(id) {
            refuse(Reason::SameId);
            continue;
        }
        let school = t.get(row, "schoolSourcedId");
        if schools.is_some_and(|ours| !school.is_empty() && !ours.contains(school)) {
            people.elsewhere(user);
            continue; // another school of the trust: not ours to list
        }
        let role = t.get(row, "role").to_ascii_lowercase();
        let gone = status == Status::Gone;
        let mut dates = [None, None];
        for (at, column) in ["beginDate", "endDate"].into_iter().enumerate() {
            let text = t.get(row, column);
            dates[at] = value::date(text);
            if !text.is_empty() && dates[at].is_none() {
                refuse(Reason::BadDate(column));
            }
        }
        let [from, until] = dates;
        let bad_date =
            [("beginDate", from), ("endDate", until)].iter().any(|(c, d)| d.is_none() && !t.get(row, c).is_empty());
        if bad_date {
            continue;
        }
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            refuse(Reason::EndsFirst);
            continue;
        }
        let place = Place { file: "enrollments.csv", line: row.line };
        match role.as_str() {
            "student" | "learner" => {
                if !people.belongs(user, Kind::Pupil) {
                    refuse(if people.knows(user) { Reason::NotAPupil } else { Reason::NoPerson });
                    continue;
                }
                people.here(user);
                match rooms.find(class) {
                    classes::Found::Registers => roster.memberships.push(Membership {
                        pupil: user.to_owned(),
                        class: class.to_owned(),
                        from,
                        until,
                        gone,
                        primary: value::yes(t.get(row, "primary")) == Some(true),
                        place,
                    }),
                    classes::Found::Other => {
                        rooms.count(class);
                        roster.other_enrolments += u32::from(!gone);
                    }
                    classes::Found::Gone if gone => {}
                    classes::Found::Gone => refuse(Reason::ClassGone),
                    classes::Found::Nowhere if !roster.classes_full => roster.memberships.push(Membership {
                        pupil: user.to_owned(),
                        class: class.to_owned(),
                        from,
                        until,
                        gone,
                        primary: false,
                        place,
                    }),
                    classes::Found::Nowhere => refuse(Reason::NoClass),
                }
            }
            "teacher" | "aide" | "administrator" | "proctor" | "instructor" => {
                if !people.belongs(user, Kind::Staff) {
                    refuse(if people.knows(user) { Reason::NotStaff } else { Reason::NoPerson });
                    continue;
                }
                people.here(user);
                if matches!(rooms.find(class), classes::Found::Registers) {
                    roster.teaching.push(Teaching { staff: user.to_owned(), class: class.to_owned(), gone, place });
                } else if matches!(rooms.find(class), classes::Found::Nowhere) && roster.classes_full {
                    refuse(Reason::NoClass);
                }
            }
            "" => refuse(Reason::Empty("role")),
            _ => refuse(Reason::Unknown("role")),
        }
    }
}

impl Standard {
    /// 1.2 keeps roles in a file of their own.
    #[must_use]
    pub const fn has_roles_file(self) -> bool {
        matches!(self, Self::OneRoster12)
    }
}
