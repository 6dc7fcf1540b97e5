//! A row, or a value of it, that was not taken: file, line, reason in words.
//!
//! Must never: quote a person's data. File, line and column are enough to find it.

use serde::{Serialize, Serializer};
use std::fmt;

/// What was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reject {
    /// The file's name inside the folder or zip.
    pub file: String,
    /// The line as an editor counts it; 1 is the header.
    pub line: u32,
    /// Why.
    pub reason: Reason,
}

/// Why a row, a value or a whole file was not taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The file is not there, though the manifest says so.
    FileMissing,
    /// The file is there, though the manifest says that it is absent.
    FileAbsent,
    /// The same bytes as another file, whose columns they are.
    CopyOf(String),
    /// A second file of the same name.
    SameName,
    /// The header lacks a column without which nothing can be read.
    NoColumn(&'static str),
    /// No header at all.
    NoHeader,
    /// Columns parted by something else than commas.
    NotCommas,
    /// Text that is not UTF-8.
    NotUtf8,
    /// A quotation mark opens and nothing closes it.
    QuoteOpen,
    /// Too many open quotes: the rest was left.
    QuotesBroken,
    /// More values than the header has columns.
    TooManyFields,
    /// A row of the manifest without a value.
    NoValue,
    /// A value that its column does not know.
    Unknown(&'static str),
    /// A value that must be there.
    Empty(&'static str),
    /// A value longer than its field, or with control characters.
    BadText(&'static str),
    /// Not a date.
    BadDate(&'static str),
    /// Ends before it begins.
    EndsFirst,
    /// Two rows with one id; the first was taken.
    SameId,
    /// Not a UPN.
    BadUpn,
    /// A UPN that another pupil has.
    SameUpn,
    /// A contact's id that is no user of the file.
    NoContact,
    /// The person's role says neither pupil, staff nor contact.
    NoRole,
    /// A row about a person who is in no users file.
    NoPerson,
    /// A row about a class that is in no classes file.
    NoClass,
    /// An enrolment in a class that is to be deleted.
    ClassGone,
    /// Enrolled as a student, though the role says otherwise.
    NotAPupil,
    /// Enrolled as a teacher, though the role says otherwise.
    NotStaff,
    /// A pupil in two registration groups from the same day.
    TwoClasses,
    /// The same pupil in two rows of the spreadsheet.
    SamePupil,
    /// A contact with a telephone and no name.
    ContactWithoutName,
}

impl Reason {
    /// A fixed word, to count by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FileMissing => "file_missing",
            Self::FileAbsent => "file_absent",
            Self::CopyOf(_) => "copy_of_another_file",
            Self::SameName => "same_file_name",
            Self::NoColumn(_) => "no_column",
            Self::NoHeader => "no_header",
            Self::NotCommas => "not_commas",
            Self::NotUtf8 => "not_utf8",
            Self::QuoteOpen => "quote_open",
            Self::QuotesBroken => "quotes_broken",
            Self::TooManyFields => "too_many_fields",
            Self::NoValue => "no_value",
            Self::Unknown(_) => "unknown_value",
            Self::Empty(_) => "empty",
            Self::BadText(_) => "bad_text",
            Self::BadDate(_) => "bad_date",
            Self::EndsFirst => "ends_before_it_begins",
            Self::SameId => "same_id",
            Self::BadUpn => "bad_upn",
            Self::SameUpn => "same_upn",
            Self::NoContact => "no_contact",
            Self::NoRole => "no_role",
            Self::NoPerson => "no_person",
            Self::NoClass => "no_class",
            Self::ClassGone => "class_gone",
            Self::NotAPupil => "not_a_pupil",
            Self::NotStaff => "not_staff",
            Self::TwoClasses => "two_classes",
            Self::SamePupil => "same_pupil",
            Self::ContactWithoutName => "contact_without_name",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileMissing => f.write_str("the manifest promises this file and it is not there"),
            Self::FileAbsent => f.write_str("the manifest says that this file is absent, so it was not read"),
            Self::CopyOf(other) => write!(f, "the file is a copy of {other}, so it was not read"),
            Self::SameName => f.write_str("a second file of this name; the first was read"),
            Self::NoColumn(c) => write!(f, "the header has no column {c}, so the file was not read"),
            Self::NoHeader => f.write_str("the file has no header row, so it was not read"),
            Self::NotCommas => {
                f.write_str("the columns are not parted by commas; save as “CSV UTF-8 (comma delimited)”")
            }
            Self::NotUtf8 => f.write_str("the text is not UTF-8; save as “CSV UTF-8 (comma delimited)”"),
            Self::QuoteOpen => f.write_str("a quotation mark is opened here and not closed"),
            Self::QuotesBroken => {
                f.write_str("too many quotation marks are not closed; the rest of the file was not read")
            }
            Self::TooManyFields => {
                f.write_str("more values than the header has columns (a comma without quotation marks?)")
            }
            Self::NoValue => f.write_str("no value; the row was ignored"),
            Self::Unknown(c) => write!(f, "{c} has a value that is not known here"),
            Self::Empty(c) => write!(f, "{c} is empty"),
            Self::BadText(c) => write!(f, "{c} is too long or holds control characters"),
            Self::BadDate(c) => write!(f, "{c} is not a date (as 2026-09-01, or 1/09/2026 with the day first)"),
            Self::EndsFirst => f.write_str("it ends before it begins"),
            Self::SameId => f.write_str("a second row with the same id; the first was taken"),
            Self::BadUpn => {
                f.write_str("the UPN is not valid (its check letter or its form); the pupil was taken without it")
            }
            Self::SameUpn => f.write_str("another pupil has the same UPN; the pupil was taken without it"),
            Self::NoContact => f.write_str("a contact named here is not among the users; the pupil was taken without"),
            Self::NoRole => f.write_str("no role says whether this person is a pupil, staff or a contact"),
            Self::NoPerson => f.write_str("the person is not among the users that were taken"),
            Self::NoClass => f.write_str("the class is not among the classes that were taken"),
            Self::ClassGone => f.write_str("the class is marked as to be deleted"),
            Self::NotAPupil => f.write_str("enrolled as a student, but the person's role is another"),
            Self::NotStaff => f.write_str("enrolled as a teacher, but the person's role is another"),
            Self::TwoClasses => {
                f.write_str("the pupil begins in another registration group on the same day; that one was taken")
            }
            Self::SamePupil => f.write_str("this pupil is in the file already; the first row was taken"),
            Self::ContactWithoutName => {
                f.write_str("a contact has a telephone number and no name; the pupil was taken without")
            }
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Where rejects are gathered while one file is read.
pub struct Rejects<'a> {
    /// The file's name.
    pub file: &'a str,
    /// All of them so far.
    pub all: &'a mut Vec<Reject>,
}

impl Rejects<'_> {
    /// Notes one.
    pub fn add(&mut self, line: u32, reason: Reason) {
        self.all.push(Reject { file: self.file.to_owned(), line, reason });
    }
}
