//! What a roster file says, once it is understood: the same shape for OneRoster and for pupils.csv.
//!
//! Must never: hold a password, or anything that the file did not say.

use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Which kind of file it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// OneRoster 1.1 (1.0 is read as if it were).
    OneRoster11,
    /// OneRoster 1.2.
    OneRoster12,
    /// Our own spreadsheet.
    Spreadsheet,
}

impl Standard {
    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneRoster11 => "OneRoster 1.1",
            Self::OneRoster12 => "OneRoster 1.2",
            Self::Spreadsheet => "pupils.csv",
        }
    }
}

/// A roster.
#[derive(Debug, Clone)]
pub struct Roster {
    /// The kind of file.
    pub standard: Standard,
    /// The file's own name for the system it came from.
    pub system: Option<String>,
    /// Whoever is not among the people has left.
    pub people_full: bool,
    /// A membership that is not in the file has ended.
    pub enrolments_full: bool,
    /// A class that is not in the file has ended.
    pub classes_full: bool,
    /// Rows were lost whose ids cannot be told: nothing may end because it is not in the file.
    pub blind: bool,
    /// Ids in rows that were not taken: what they name must not end because it is not in the file.
    pub doubtful: BTreeSet<String>,
    /// Registration groups.
    pub classes: Vec<Class>,
    /// Classes that are not registration groups, or not chosen.
    pub other_classes: Vec<OtherClass>,
    /// Pupils' places in classes that are not registration groups.
    pub other_enrolments: u32,
    /// Schools in the file, when there are several: id and name.
    pub schools: Vec<(String, String)>,
    /// True when the choice among several schools (or the classes named) fits nothing in the file.
    pub no_such_school: bool,
    /// Classes asked for by name that the file does not have.
    pub no_such_class: Vec<String>,
    /// Pupils.
    pub pupils: Vec<Pupil>,
    /// Pupils' places in registration groups.
    pub memberships: Vec<Membership>,
    /// Staff.
    pub staff: Vec<Staff>,
    /// Who teaches which registration group.
    pub teaching: Vec<Teaching>,
    /// Users in the file that no role explains (a delta without roles): what the school's file knows decides.
    pub unexplained: Vec<Pupil>,
    /// Things worth saying that are no rejects.
    pub notes: Vec<String>,
}

impl Roster {
    /// A roster that says nothing.
    #[must_use]
    pub const fn empty(standard: Standard) -> Self {
        Self {
            standard,
            system: None,
            people_full: false,
            enrolments_full: false,
            classes_full: false,
            blind: false,
            doubtful: BTreeSet::new(),
            classes: Vec::new(),
            other_classes: Vec::new(),
            other_enrolments: 0,
            schools: Vec::new(),
            no_such_school: false,
            no_such_class: Vec::new(),
            pupils: Vec::new(),
            memberships: Vec::new(),
            staff: Vec::new(),
            teaching: Vec::new(),
            unexplained: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Where in which file a thing was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: &'static str,
    /// The line.
    pub line: u32,
}

/// A registration group.
#[derive(Debug, Clone)]
pub struct Class {
    /// Names it within the roster: its id, or its name in lower case.
    pub key: String,
    /// Its id in the directory.
    pub source_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its year group; `None` where the file does not say.
    pub year: Option<String>,
    /// Its place among the years.
    pub sort: Option<i64>,
    /// To be deleted.
    pub gone: bool,
    /// First day of the term it runs in, if the file says.
    pub begins: Option<NaiveDate>,
}

/// A class that takes no register.
#[derive(Debug, Clone)]
pub struct OtherClass {
    /// Its id.
    pub source_id: String,
    /// Its name.
    pub name: String,
    /// Pupils in it.
    pub pupils: u32,
}

/// A pupil. `None` everywhere means that the file does not say, and what is known stays.
#[derive(Debug, Clone, Default)]
pub struct Pupil {
    /// Names them within the roster: their id, or their line.
    pub key: String,
    /// Their id in the directory.
    pub source_id: Option<String>,
    /// Where it stands.
    pub line: u32,
    /// To be deleted: has left.
    pub gone: bool,
    /// The first name they go by.
    pub first: String,
    /// The surname they go by.
    pub last: String,
    /// The first name in law, where it is another.
    pub legal_first: Option<String>,
    /// The surname in law, where it is another.
    pub legal_last: Option<String>,
    /// UPN, checked.
    pub upn: Option<String>,
    /// Date of birth.
    pub born_on: Option<NaiveDate>,
    /// `F` or `M`.
    pub sex: Option<&'static str>,
    /// First day on roll.
    pub joined: Option<NaiveDate>,
    /// Last day on roll.
    pub left: Option<NaiveDate>,
    /// The file says about leaving whatever it is: a blank clears what is known.
    pub left_is_said: bool,
    /// Free school meals.
    pub fsm: Option<bool>,
    /// Pupil premium.
    pub pupil_premium: Option<bool>,
    /// Special educational needs, in a word.
    pub send: Option<&'static str>,
    /// Looked after.
    pub looked_after: Option<bool>,
    /// Has a social worker.
    pub social_worker: Option<bool>,
    /// Has an education, health and care plan.
    pub ehcp: Option<bool>,
    /// Contacts in the order in which they are called.
    pub contacts: Option<Vec<Contact>>,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Relation: "mother", "guardian".
    pub relation: String,
    /// Telephone, as written; empty where there is none.
    pub telephone: String,
    /// Id in the directory; `None`: the office wrote it.
    pub source_id: Option<String>,
}

/// A place in a class.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The pupil's key.
    pub pupil: String,
    /// The class's key.
    pub class: String,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub until: Option<NaiveDate>,
    /// To be deleted.
    pub gone: bool,
    /// Marked as the pupil's first class.
    pub primary: bool,
    /// Where it stands.
    pub place: Place,
}

/// A member of staff.
#[derive(Debug, Clone)]
pub struct Staff {
    /// Their id in the directory.
    pub source_id: String,
    /// As on the screen: "Ms Patel".
    pub name: String,
    /// Position by role, for somebody new.
    pub position: String,
    /// The file says the position itself, so it is kept up to date.
    pub position_is_said: bool,
    /// To be deleted.
    pub gone: bool,
}

/// Who teaches whom.
#[derive(Debug, Clone)]
pub struct Teaching {
    /// The member of staff.
    pub staff: String,
    /// The class's key.
    pub class: String,
    /// No longer.
    pub gone: bool,
    /// Where it stands.
    pub place: Place,
}

/// What a person chose before the file is read.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Which classes register.
    pub classes: Classes,
    /// Which of several schools: id or name.
    pub school: Option<String>,
    /// The school's own name here, tried when nothing was chosen.
    pub own_name: Option<String>,
}

/// Which classes of the file are registration groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Classes {
    /// Those that the file calls homeroom.
    #[default]
    Homerooms,
    /// Every class.
    All,
    /// These, by id, code or name.
    Named(Vec<String>),
}

impl Classes {
    /// From words of a person: `homerooms`, `all`, or ids and names parted by commas.
    #[must_use]
    pub fn from_words(words: &str) -> Self {
        match words.trim().to_lowercase().as_str() {
            "" | "homeroom" | "homerooms" => Self::Homerooms,
            "all" => Self::All,
            _ => Self::Named(words.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()),
        }
    }
}
