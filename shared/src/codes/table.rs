//! The table of national attendance codes, one row a code and time of force: meaning, how it counts, what it asks for.
//!
//! Source: The School Attendance (Pupil Registration) (England) Regulations 2024, in force from 19 August 2024, and
//! "Working together to improve school attendance". A change of the law is a new row with its own dates, never a
//! branch somewhere else.
//!
//! Must never: lose a row. Old data keep their codes for six years and more.

use super::arrival::{ArrivalRule, SiteClosed};
use chrono::NaiveDate;

/// How a code counts, in the words of the statutory table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// In school.
    Attending,
    /// At an approved educational activity: counts as attended.
    Educational,
    /// Absent with authorisation.
    Authorised,
    /// Absent without authorisation.
    Unauthorised,
    /// Not a possible attendance: in no sum.
    NotPossible,
    /// Not a mark about the pupil's attendance at all (not yet on roll, planned closure).
    Administrative,
}

/// To whom a code is offered while it is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offered {
    /// The classroom screen and the office.
    Teacher,
    /// The office only.
    Office,
    /// Nobody: accepted on import only.
    Import,
}

/// What must stand beside a code (P7, P30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asks {
    /// Nothing.
    Nothing,
    /// The nature of the activity or circumstance, in words.
    Detail,
    /// The dates of the arrangement.
    Dates,
}

/// Whom a code is for, where it is not for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Only {
    /// Everybody.
    Everybody,
    /// Pupils below or above compulsory school age.
    OutsideCompulsoryAge,
    /// Pupils of compulsory school age.
    CompulsoryAge,
    /// Year 11, in practice.
    YearEleven,
}

/// One code during one time of force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code as written in a register: one or two ASCII characters.
    pub code: &'static str,
    /// What it means, in the words of the guidance.
    pub meaning: &'static str,
    /// How it counts.
    pub class: Class,
    /// Whether the session is in the denominator.
    pub possible: bool,
    /// Whether the session counts as attended.
    pub present: bool,
    /// Whether it counts in punctuality.
    pub late: bool,
    /// First day of force.
    pub from: NaiveDate,
    /// Last day of force, if it has ended.
    pub until: Option<NaiveDate>,
    /// To whom it is offered.
    pub offered: Offered,
    /// What must stand beside it.
    pub asks: Asks,
    /// Whom it is for.
    pub only: Only,
    /// What an arrival does to it.
    pub arrival: ArrivalRule,
    /// What an unexpected closure of the site (Y4) does to it.
    pub site_closed: SiteClosed,
}

impl Row {
    /// Whether the row was in force on a date.
    #[must_use]
    pub fn in_force(&self, on: NaiveDate) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }
    const fn detail(self) -> Self {
        Self { asks: Asks::Detail, ..self }
    }
    const fn dates(self) -> Self {
        Self { asks: Asks::Dates, ..self }
    }
    const fn teacher(self) -> Self {
        Self { offered: Offered::Teacher, ..self }
    }
    const fn late(self) -> Self {
        Self { late: true, ..self }
    }
    const fn only(self, only: Only) -> Self {
        Self { only, ..self }
    }
    const fn site(self, site_closed: SiteClosed) -> Self {
        Self { site_closed, ..self }
    }
    const fn withdrawn(self) -> Self {
        Self { from: BEFORE, until: Some(LAST_OLD_DAY), offered: Offered::Import, ..self }
    }
}

/// The first day of the codes of 2024.
pub(super) const FIRST_DAY: NaiveDate = ymd(2024, 8, 19);
const LAST_OLD_DAY: NaiveDate = ymd(2024, 8, 18);
/// The regulations of 2006. When a withdrawn code began matters to nobody: it is never offered again.
const BEFORE: NaiveDate = ymd(2006, 9, 1);

const fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => panic!("a date of the table of codes does not exist"), // evaluated when compiling
    }
}

const fn row(
    code: &'static str,
    class: Class,
    possible: bool,
    present: bool,
    arrival: ArrivalRule,
    meaning: &'static str,
) -> Row {
    Row {
        code,
        meaning,
        class,
        possible,
        present,
        late: false,
        from: FIRST_DAY,
        until: None,
        offered: Offered::Office,
        asks: Asks::Nothing,
        only: Only::Everybody,
        arrival,
        site_closed: SiteClosed::YieldsLater,
    }
}

use ArrivalRule::{LateThenNoted as Noted, Replaced, StaysWithQuestion as Asked};
use Class::{Administrative as Admin, Attending, Authorised, Educational, NotPossible, Unauthorised};
use Only::{CompulsoryAge, OutsideCompulsoryAge, YearEleven};
use SiteClosed::{GoesAhead, Yields};

/// Every row. A code with several rows has them oldest first.
#[rustfmt::skip] // a table reads by its columns
pub(super) const TABLE: &[Row] = &[
    //   code   class         possible present arrival   meaning
    row("/",    Attending,    true,  true,  Replaced, "Present, morning").teacher(),
    row("\\",   Attending,    true,  true,  Replaced, "Present, afternoon").teacher(),
    row("L",    Attending,    true,  true,  Replaced, "Late, before the register closed").teacher().late(),
    row("K",    Educational,  true,  true,  Asked,    "Education provision arranged by the local authority").detail().site(GoesAhead),
    row("V",    Educational,  true,  true,  Asked,    "Educational visit or trip").detail().site(GoesAhead),
    row("P",    Educational,  true,  true,  Asked,    "Sporting activity").detail().site(GoesAhead),
    row("W",    Educational,  true,  true,  Asked,    "Work experience").detail().site(GoesAhead),
    row("B",    Educational,  true,  true,  Asked,    "Other approved educational activity").detail().site(GoesAhead),
    row("D",    NotPossible,  false, false, Asked,    "Dual registered, expected at the other school").site(GoesAhead),
    row("C1",   Authorised,   true,  false, Noted,    "Regulated performance or employment abroad"),
    row("M",    Authorised,   true,  false, Noted,    "Medical or dental appointment"),
    row("J1",   Authorised,   true,  false, Noted,    "Interview"),
    row("S",    Authorised,   true,  false, Noted,    "Study leave").only(YearEleven),
    row("X",    NotPossible,  false, false, Noted,    "Not of compulsory school age, not required").only(OutsideCompulsoryAge),
    row("C2",   Authorised,   true,  false, Noted,    "Part-time timetable").dates().only(CompulsoryAge),
    row("C",    Authorised,   true,  false, Noted,    "Exceptional circumstances"),
    row("T",    Authorised,   true,  false, Asked,    "Parent travelling for work"),
    row("R",    Authorised,   true,  false, Noted,    "Religious observance"),
    row("I",    Authorised,   true,  false, Asked,    "Illness"),
    row("E",    Authorised,   true,  false, Asked,    "Suspended or excluded, no provision made"),
    row("Q",    NotPossible,  false, false, Asked,    "Lack of access arrangements").detail(),
    row("Y1",   NotPossible,  false, false, Asked,    "Transport not available").detail(),
    row("Y2",   NotPossible,  false, false, Asked,    "Widespread disruption to travel").detail(),
    row("Y3",   NotPossible,  false, false, Asked,    "Part of the premises closed").detail(),
    row("Y4",   NotPossible,  false, false, Asked,    "Whole site unexpectedly closed").detail(),
    row("Y5",   NotPossible,  false, false, Asked,    "Criminal justice detention").detail(),
    row("Y6",   NotPossible,  false, false, Asked,    "Public health guidance or law").detail(),
    row("Y7",   NotPossible,  false, false, Asked,    "Any other unavoidable cause").detail(),
    row("G",    Unauthorised, true,  false, Asked,    "Holiday not granted"),
    row("N",    Unauthorised, true,  false, Replaced, "Reason not yet established").teacher().site(Yields),
    row("O",    Unauthorised, true,  false, Asked,    "Other or unknown circumstances").site(Yields),
    row("U",    Unauthorised, true,  false, Replaced, "Arrived after the register closed").late(),
    row("Z",    Admin,        false, false, Asked,    "Not yet on roll"),
    row("#",    Admin,        false, false, Asked,    "Planned whole-school closure"),
    // Withdrawn, still met in old or foreign data. J counted as attended, unlike the J1 that followed it.
    row("F",    Authorised,   true,  false, Asked,    "Extended family holiday granted (withdrawn)").withdrawn(),
    row("H",    Authorised,   true,  false, Asked,    "Family holiday granted (withdrawn)").withdrawn(),
    row("J",    Educational,  true,  true,  Asked,    "Interview (withdrawn)").withdrawn(),
    row("Y",    NotPossible,  false, false, Asked,    "Exceptional circumstances, unable to attend (withdrawn)").withdrawn(),
];
