//! What can happen to a kiosk: what a person does at the screen, and what its edges report.
//!
//! Every message is plain data with a serde form, so that a script can play a day without a window. A script line
//! looks like `{"msg":"tap","pupil":"…32 hex…"}`.
//!
//! Must never: name a thing by its place in a list (ids only), or let a PIN or a card number reach a log.

use serde::{Deserialize, Serialize};
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use shared::log::Origin;
use shared::observation::{Observation, Wish};
use shared::text::{Name, Text};
use shared::time::{Interval, Millis, Reading};
use shared::wire::v1::{Fault, Row, Sort};
use std::fmt;

/// Pairs an effect with the message that answers it. Numbered by the model, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(pub u64);

/// Digits of a PIN as far as they were typed. Shows nothing of itself in a log.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(pub String);

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "msg", rename_all = "snake_case")]
pub enum Msg {
    // ---- from the edges -------------------------------------------------------------------------------------
    /// A look at the clocks: at least once a second, and right before every message that a person caused.
    Tick {
        /// What the kiosk's clocks say.
        reading: Reading,
        /// What that means, as far as is known.
        now: Interval,
        /// Whether this boot has met the server (an anchor). False: "≈" beside the clock.
        trusted: bool,
    },
    /// How many times faster than people this kiosk's clock may run (a demonstration): screens wait so much longer.
    Pace {
        /// At least 1.
        times: i64,
    },
    /// Rows of the feed that are on the kiosk's disk now: at the start all of them, later each page.
    Rows {
        /// The rows.
        rows: Vec<Row>,
    },
    /// How far the rows that are held reflect this kiosk's own log: what they say includes its entries up to here. Of
    /// former logs they reflect all there is.
    Reflected {
        /// The last own entry, and the log that is written now.
        upto: Origin,
    },
    /// The feed was forgotten (a resnapshot): all rows follow anew.
    Resnapshot,
    /// The kiosk's own facts of the last days, read from its disk, in the order of its log: at the start, and when a new
    /// log was begun, where some of them stand elsewhere now.
    Recalled {
        /// The facts.
        facts: Vec<Recalled>,
    },
    /// An append is on disk: after COMMIT, never before.
    Saved {
        /// Which append.
        ticket: Ticket,
        /// Where its facts stand, in the order of the append.
        origins: Vec<Origin>,
    },
    /// An append did not reach the disk.
    NotSaved {
        /// Which append.
        ticket: Ticket,
        /// Why.
        why: WhyNotSaved,
    },
    /// A PIN was compared with its hash.
    PinChecked {
        /// Which check.
        ticket: Ticket,
        /// Whether it was the right one.
        right: bool,
    },
    /// How sending stands.
    Sync(SyncStatus),
    /// Kiosk and server do not understand each other: one of them must be updated. Or they do again.
    Update {
        /// Whether it is so.
        needed: bool,
    },
    /// What is wrong with the kiosk now; an empty list when all is well.
    Faults {
        /// All of it.
        faults: Vec<Fault>,
    },
    /// The kiosk has no school yet and shows this.
    Enrolling {
        /// What IT types in the office page; none while the server has not answered.
        code: Option<Text<12>>,
        /// The word to compare; none until the server has answered.
        check_word: Option<Name>,
        /// A sentence about what is in the way, if anything is.
        trouble: Option<String>,
    },
    /// The kiosk's card is wrong. One that has its school goes on without it.
    Misset {
        /// What, as "rollbook.toml, line 3: …".
        wrong: Vec<String>,
    },
    /// The kiosk has its school. Rows follow.
    Enrolled,
    /// The office has switched this kiosk off.
    Revoked,

    // ---- from a person --------------------------------------------------------------------------------------
    /// A card was held to the reader, or typed by a keyboard reader: the number as it came.
    Card {
        /// The number.
        number: CardNumber,
    },
    /// Sign on: this is me.
    PickStaff {
        /// Who.
        staff: StaffId,
    },
    /// More names (the next page; after the last, the first).
    MoreNames,
    /// One digit of the PIN.
    PinDigit {
        /// 0 to 9.
        digit: u8,
    },
    /// Takes back the last digit.
    PinErase,
    /// The PIN is complete.
    PinEnter,
    /// This register.
    PickRegister {
        /// The class.
        class: ClassId,
        /// The session, as the teacher says.
        session: SessionKey,
    },
    /// A tile was tapped.
    Tap {
        /// Whose.
        pupil: PupilId,
    },
    /// An answer to the question that the tap on a tile asked: the pupil came late.
    Late {
        /// Who.
        pupil: PupilId,
    },
    /// An answer: the mark was a mistake, the pupil was here from the start.
    Mistake {
        /// Who.
        pupil: PupilId,
    },
    /// An answer: take the mark back.
    Clear {
        /// Who.
        pupil: PupilId,
    },
    /// What else can be done at this register.
    More,
    /// More to pick from (the next page; after the last, the first).
    MorePicks,
    /// Sorts the tiles, because somebody asked.
    SortBy {
        /// By which name.
        sort: Sort,
    },
    /// A note to the office: about whom is tapped next.
    WriteNote,
    /// This note.
    PickNote {
        /// As on the button.
        note: Name,
    },
    /// Somebody from another class is here.
    BringVisitor,
    /// From this class.
    PickOther {
        /// Its name.
        class: Name,
    },
    /// This pupil of another class is here.
    PickVisitor {
        /// Who.
        pupil: PupilId,
    },
    /// After close: the office should change a mark.
    AskChange {
        /// Whose.
        pupil: PupilId,
        /// To what.
        wish: Wish,
    },
    /// Call the names one by one.
    CallNames,
    /// The one whose name was called is here.
    CallHere {
        /// Who.
        pupil: PupilId,
    },
    /// The one whose name was called is not here.
    CallAway {
        /// Who.
        pupil: PupilId,
    },
    /// The next name; this one keeps what stands.
    CallNext,
    /// The name before.
    CallBefore,
    /// "Mark the 5 blanks present": fills blanks, changes nothing else.
    MarkRestPresent,
    /// Takes back the last step at this register.
    Undo,
    /// Sends the register. Refused while there are blanks, which are then shown.
    Submit,
    /// From the confirmation back to the tiles.
    ChangeMarks,
    /// A touch on the screen that rests.
    Wake,
    /// Ends the sign-on.
    SignOff,
    /// Reception: my year.
    PickYear {
        /// As on the button.
        year: Name,
    },
    /// Reception: my class.
    PickClass {
        /// The class.
        class: ClassId,
    },
    /// Reception: this is my name.
    PickPupil {
        /// The pupil.
        pupil: PupilId,
    },
    /// Reception: the month of my birthday.
    PickMonth {
        /// 1 to 12.
        month: u8,
    },
    /// Reception: yes, that is me.
    Confirm,
    /// Reception: why I am late.
    PickReason {
        /// As on the button.
        reason: Name,
    },
    /// Reception: I would rather not say.
    NoReason,
    /// Reception: who collects me.
    PickCollector {
        /// As on the button.
        who: Name,
    },
    /// Staff: the roll call, please.
    RollCall,
    /// Begin a roll call.
    BeginRollCall {
        /// Not a drill.
        real: bool,
    },
    /// Roll call: this class.
    RollClass {
        /// The class.
        class: ClassId,
    },
    /// Roll call: everybody who was not seen yet.
    RollMissing,
    /// Roll call: I see this pupil; or, if seen already: I do not.
    Account {
        /// Who.
        pupil: PupilId,
    },
    /// Roll call: end it (asked once more).
    EndRollCall,
    /// Reception: "I am going home or coming back".
    InOrOut,
    /// Reception: I am going home.
    GoingHome,
    /// Reception: I am coming back.
    ComingBack,
    /// Reception: "Ask for help".
    AskForHelp,
    /// One step back. Leads home in the end, from everywhere.
    Back,
    /// Nobody has touched the screen for a while. (The model also finds out by itself, from its ticks.)
    Idle,
}

/// The number of a card as a reader gave it. Shows nothing of itself in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardNumber(pub Text<64>);

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber")
    }
}

/// A fact of this kiosk's own log, read back from its disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// Where it stands.
    pub origin: Origin,
    /// When it happened, as far as is known now.
    pub when: Interval,
    /// Who was signed on.
    pub by: Option<StaffId>,
    /// What was seen.
    pub what: Observation,
}

/// Why something could not be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotSaved {
    /// No room left.
    DiskFull,
    /// Anything else.
    Disk,
}

/// How sending to the server stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncStatus {
    /// Facts of this kiosk that the server has not acknowledged.
    pub waiting: u64,
    /// The server has every own entry up to this number of this log (0: none).
    pub acked: u64,
    /// Since when the server cannot be reached, by the kiosk's best clock; none while it can.
    pub offline_since: Option<Millis>,
    /// Whether an exchange with the server has worked since the last failure.
    pub connected: bool,
}
