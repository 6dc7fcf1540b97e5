//! The rows of the feed: what a kiosk may know (law 8: what its screens need, and no more).
//!
//! Must never: hold a date of birth, a UPN, a contact, or a code that tells a reason.

use crate::calendar::{Half, SessionKey};
use crate::id::{ClassId, PupilId, RollCallId, SchoolId, StaffId};
use crate::text::{Name, Text};
use crate::time::Millis;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One row of the feed: the newest state of one thing. A later row with the same key replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its place in the feed.
    pub seq: u64,
    /// What thing.
    pub key: Text<120>,
    /// Its state; `None`: it is gone.
    pub body: Option<RowBody>,
}

/// The state of a thing that a kiosk may know (law 8: what its screens need, and no more).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RowBody {
    /// School-wide settings.
    Settings(Settings),
    /// A class that this kiosk serves.
    Class(ClassRow),
    /// A pupil of a class that this kiosk serves.
    Pupil(PupilRow),
    /// A member of staff who may sign on.
    Staff(StaffRow),
    /// A school day, with its sessions.
    Day(DayRow),
    /// What the office already knows of a pupil and session, without a reason.
    Expected(ExpectedRow),
    /// A mark as it stands, in three words.
    Mark(MarkRow),
    /// The state of a register.
    Register(RegisterRow),
    /// The last time today that a pupil went through the door at reception.
    Passage(PassageRow),
    /// A roll call of today.
    RollCall(RollCallRow),
    /// Whether a pupil was seen in a roll call.
    Accounted(AccountedRow),
}

/// School-wide settings of a kiosk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: Name,
    /// This kiosk's name on the wall, as "Room 7".
    pub room: Name,
    /// Classroom or reception.
    pub mode: Mode,
    /// Key of the keyed hashes of cards (64 hexadecimal digits).
    pub card_key: Text<64>,
    /// The public key that reasons are sealed to (64 hexadecimal digits, X25519).
    pub seal_to: Text<64>,
    /// Reasons offered at reception, in order.
    pub reasons: Vec<Name>,
    /// Whether somebody who is late by card is asked for a reason too.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub reason_after_card: bool,
    /// Who may be picked as collecting a pupil who goes home, in order; none: nobody is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collectors: Vec<Name>,
    /// How a pupil finds their name at reception, once the year is picked.
    #[serde(default, skip_serializing_if = "FindBy::is_class")]
    pub find_by: FindBy,
    /// What the school chose; the usual choices are not written.
    #[serde(default, skip_serializing_if = "Choices::are_usual")]
    pub choices: Choices,
}

fn yes() -> bool {
    true
}
#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_true(b: &bool) -> bool {
    *b
}

/// How a pupil finds their name at reception, once the year is picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindBy {
    /// By class.
    #[default]
    Class,
    /// By the month of the birthday: fewer names at once.
    Month,
}

impl FindBy {
    /// By class, as without the setting.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
    pub const fn is_class(&self) -> bool {
        matches!(self, Self::Class)
    }
}

/// What a school chooses about its kiosks. Every choice may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Positive marking: nothing is assumed, every pupil is marked one by one.
    #[serde(default, skip_serializing_if = "is_no")]
    pub positive: bool,
    /// The order of the tiles.
    #[serde(default, skip_serializing_if = "Sort::is_usual")]
    pub sort: Sort,
    /// How the screens look.
    #[serde(default, skip_serializing_if = "Palette::is_usual")]
    pub palette: Palette,
    /// Larger letters.
    #[serde(default, skip_serializing_if = "is_no")]
    pub large_text: bool,
    /// Classrooms know the names of other classes too, so that a visitor can be marked there. Usually they do not (law 8).
    #[serde(default, skip_serializing_if = "is_no")]
    pub visitors: bool,
    /// Notes to the office that a teacher can pick; none: the kiosk's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Name>,
}

impl Choices {
    fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// By which name the tiles are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// First name, then surname.
    #[default]
    First,
    /// Surname, then first name.
    Last,
}

impl Sort {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
    fn is_usual(&self) -> bool {
        *self == Self::First
    }
}

/// The colours of the screens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Palette {
    /// Warm paper, navy ink.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// Black, white and thick lines.
    Contrast,
}

impl Palette {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
    fn is_usual(&self) -> bool {
        *self == Self::Light
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_no(b: &bool) -> bool {
    !*b
}

/// What a kiosk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Takes registers of its classes.
    Classroom,
    /// Signs pupils in and out.
    Reception,
    /// Takes the roll call at an assembly point, and nothing else.
    RollCall,
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRow {
    /// Its id.
    pub class: ClassId,
    /// "3 Willow".
    pub name: Name,
    /// "Year 3", "Reception".
    pub year: Name,
}

/// A pupil as a kiosk knows one. Never a date of birth, a UPN, a contact, a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PupilRow {
    /// The id.
    pub pupil: PupilId,
    /// First name to show (the preferred one).
    pub first: Name,
    /// Surname to show.
    pub last: Name,
    /// The class, from which date to which (both included), as known now.
    pub classes: Vec<Membership>,
    /// A birthday: the date of this year's, only on the day itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<NaiveDate>,
    /// The name of the class, of a pupil whom this kiosk knows only as a possible visitor: nothing but a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Name>,
    /// The month of birth, 1 to 12; at reception only, and only if names are found by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born_month: Option<u8>,
    /// Keyed hashes of the pupil's cards; at reception only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Text<64>>,
}

/// Membership of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The class.
    pub class: ClassId,
    /// First day.
    pub from: NaiveDate,
    /// Last day, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// `Pm`: from noon of the first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_half: Option<Half>,
    /// `Am`: until noon of the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_half: Option<Half>,
}

impl Membership {
    /// Whether it holds in a session.
    #[must_use]
    pub fn holds(&self, session: SessionKey) -> bool {
        let from = SessionKey { date: self.from, half: self.from_half.unwrap_or(Half::Am) };
        let until = self.until.map(|date| SessionKey { date, half: self.until_half.unwrap_or(Half::Pm) });
        from <= session && until.is_none_or(|until| session <= until)
    }
}

/// A member of staff, as the sign-on screen knows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    /// The id.
    pub staff: StaffId,
    /// "Ms Patel".
    pub name: Name,
    /// Argon2 hash of the PIN, in PHC form; none: cannot sign on by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Text<200>>,
    /// Keyed hashes of their cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Text<64>>,
    /// The classes that are theirs, shown first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassId>,
}

/// One school day. A date without a row is a day without school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    /// The date.
    pub date: NaiveDate,
    /// Its sessions, morning first. Times in UTC, so that a kiosk needs no time zone.
    pub sessions: Vec<SessionTimes>,
    /// Minutes that local time is ahead of UTC, for the clock on the screen.
    pub utc_offset_min: i32,
}

/// The times of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimes {
    /// Which half.
    pub half: Half,
    /// When the session starts; minutes late count from here.
    pub start: Millis,
    /// When its register opens.
    pub opens: Millis,
    /// When its register closes.
    pub closes: Millis,
    /// When the session ends.
    pub end: Millis,
}

/// What is expected of a pupil in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedRow {
    /// The pupil.
    pub pupil: PupilId,
    /// The session.
    pub session: SessionKey,
    /// Absent, or elsewhere on the school's business. No code, no reason.
    pub expected: Expected,
}

/// Two words, and no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Expected absent.
    Absent,
    /// On a visit, at another school.
    Elsewhere,
}

/// A mark as another screen may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRow {
    /// The pupil.
    pub pupil: PupilId,
    /// The session.
    pub session: SessionKey,
    /// Present, late, absent.
    pub state: Seen,
    /// Minutes late, if late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
}

/// Three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Here.
    Present,
    /// Here, late.
    Late,
    /// Not here.
    Absent,
}

/// The state of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRow {
    /// The class.
    pub class: ClassId,
    /// The session.
    pub session: SessionKey,
    /// When the server had it submitted, if it has.
    pub submitted: Option<Millis>,
    /// Whether it is closed.
    pub closed: bool,
}

/// The last time today that a pupil went through the door at reception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassageRow {
    /// The pupil.
    pub pupil: PupilId,
    /// The session in which it was.
    pub session: SessionKey,
    /// Which way.
    pub way: Way,
    /// When, as well as is known.
    pub at: Millis,
}

/// Which way somebody went through the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Came in.
    In,
    /// Went home, or out for a while.
    Out,
    /// Came back.
    Back,
}

/// A roll call of today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollCallRow {
    /// Which.
    pub call: RollCallId,
    /// Not a drill.
    pub real: bool,
    /// When it began, as well as is known.
    pub begun: Millis,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Millis>,
}

/// Whether a pupil was seen in a roll call, as far as all kiosks have told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountedRow {
    /// Which roll call.
    pub call: RollCallId,
    /// The pupil.
    pub pupil: PupilId,
    /// Seen; false: taken back.
    pub seen: bool,
}
