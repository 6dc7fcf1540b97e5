//! The classroom's screens as plain data (see [`super::screen`]).
//!
//! Must never: hold a reason for an absence, or name a thing by its place in a list.

use super::screen::Bar;
#[cfg(doc)]
use super::screen::Screen;
use serde::Serialize;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use shared::observation::Wish;
use shared::text::Name;
use shared::wire::v1::Sort;

/// [`Screen::SignOn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignOn {
    /// The strip.
    pub bar: Bar,
    /// "Good morning. Who is taking the register?"
    pub greeting: String,
    /// The state of the registers at hand, "3 Willow, morning: not taken yet".
    pub state: String,
    /// A page of names; those whose class this is come first.
    pub staff: Vec<StaffButton>,
    /// Whether there are more pages.
    pub more: bool,
    /// The key pad, once a name is picked.
    pub pin: Option<PinPad>,
    /// A sentence about what just happened (an unknown card, say), or empty.
    pub notice: String,
    /// "Back" (sends `Back`), or empty.
    pub back: String,
    /// "Roll call" (sends `RollCall`), or empty.
    pub roll_call: String,
}

/// A name on the sign-on screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StaffButton {
    /// Who.
    pub staff: StaffId,
    /// "Ms Patel".
    pub name: String,
    /// Whether a class of this kiosk is theirs.
    pub own: bool,
}

/// The key pad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PinPad {
    /// Who.
    pub staff: StaffId,
    /// "Ms Patel".
    pub name: String,
    /// Digits typed so far.
    pub typed: u8,
    /// Whether keys do anything now.
    pub open: bool,
    /// "Type your PIN", "One moment", "That was not it", "Please wait 30 seconds".
    pub words: String,
    /// Whether the words are about something that went wrong.
    pub trouble: bool,
}

/// [`Screen::ChooseRegister`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChooseRegister {
    /// The strip.
    pub bar: Bar,
    /// "Which register?", or "This kiosk does not know the time. Which register is it?"
    pub title: String,
    /// One sentence more, or empty.
    pub words: String,
    /// What can be chosen.
    pub choices: Vec<RegisterChoice>,
}

/// A register that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterChoice {
    /// The class.
    pub class: ClassId,
    /// The session.
    pub session: SessionKey,
    /// "3 Willow".
    pub label: String,
    /// "Monday 23 November · Morning".
    pub detail: String,
    /// "Submitted", "12 of 30 marked", or empty.
    pub state: String,
}

/// [`Screen::Register`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Register {
    /// The strip.
    pub bar: Bar,
    /// The class.
    pub class: ClassId,
    /// The session.
    pub session: SessionKey,
    /// The tiles, in an order that stays while the register is on the screen.
    pub tiles: Vec<Tile>,
    /// "closes in", "opens in", "closed at".
    pub closes_label: String,
    /// "24:10", "09:20".
    pub closes: String,
    /// "29 of 34 marked".
    pub count: String,
    /// "26 here · 2 absent · 1 late".
    pub summary: String,
    /// Pupils without a mark who need one.
    pub blanks: u32,
    /// "Mark the 5 blanks present", or empty when there are none, or when nothing may be assumed.
    pub fill: String,
    /// What stands there instead.
    pub fill_off: String,
    /// Whether there is something to undo.
    pub can_undo: bool,
    /// "Submit", or "Submit again".
    pub submit: String,
    /// Whether submitting would be taken now.
    pub can_submit: bool,
    /// One sentence about what just happened, or empty.
    pub notice: String,
    /// What a closed register says instead of its buttons, or empty.
    pub locked: String,
    /// What the next tap on a tile picks, or empty: then it marks.
    pub picking: String,
    /// The question that a tap asked, if one did.
    pub ask: Option<Ask>,
    /// What else lies over the tiles.
    pub panel: Option<Over>,
}

/// What lies over the tiles, to pick from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Over {
    /// "What else?", "A note about Ben O".
    pub title: String,
    /// One sentence more, or empty.
    pub words: String,
    /// What can be picked.
    pub choices: Vec<OverChoice>,
    /// Whether there is more (sends `MorePicks`).
    pub more: bool,
    /// "Back" (sends `Back`).
    pub leave: String,
}

/// One thing to pick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverChoice {
    /// What.
    pub pick: OverPick,
    /// In words.
    pub label: String,
    /// Lighter, or empty.
    pub detail: String,
}

/// What a choice stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OverPick {
    /// Sends `CallNames`.
    CallNames,
    /// Sends `SortBy`.
    Sort(Sort),
    /// Sends `WriteNote`.
    WriteNote,
    /// Sends `PickNote`.
    Note(Name),
    /// Sends `BringVisitor`.
    BringVisitor,
    /// Sends `PickOther`.
    OtherClass(Name),
    /// Sends `PickVisitor`.
    Visitor(PupilId),
    /// Sends `Late`.
    Late(PupilId),
    /// Sends `AskChange`.
    Change(PupilId, Wish),
}

/// [`Screen::Call`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The strip.
    pub bar: Bar,
    /// The class.
    pub class: ClassId,
    /// The session.
    pub session: SessionKey,
    /// As on the register.
    pub closes_label: String,
    /// As on the register.
    pub closes: String,
    /// Whose name is called.
    pub pupil: PupilId,
    /// First name.
    pub first: String,
    /// As much of the surname as tells two apart.
    pub initial: String,
    /// "7 of 32".
    pub place: String,
    /// What stands.
    pub state: TileState,
    /// Minutes late; 0 when not known.
    pub minutes: u16,
    /// Whether it is on disk.
    pub saved: bool,
    /// "Marked present", or empty.
    pub stands: String,
    /// "Next: Callum W, Chloe R, Daisy M".
    pub next: String,
    /// Whether there is a name before.
    pub can_go_back: bool,
    /// The question about an absent one who is here after all.
    pub ask: Option<Ask>,
}

/// One pupil on the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tile {
    /// Who.
    pub pupil: PupilId,
    /// First name.
    pub first: String,
    /// As much of the surname as tells two apart: "O".
    pub initial: String,
    /// What stands there.
    pub state: TileState,
    /// Minutes late, with [`TileState::Late`]; 0 when not known.
    pub minutes: u16,
    /// Whether the mark is on disk (or came from the server). Never true before `Saved`.
    pub saved: bool,
    /// Whether a submit was refused because this one is blank.
    pub wanted: bool,
    /// A birthday today.
    pub birthday: bool,
    /// "office told", "3 Rowan" of a visitor, or empty: stands in place of the last days.
    pub flag: String,
    /// The last days, oldest first, at most five.
    pub days: Vec<DayStrokes>,
    /// The whole tile in words, for those who hear it: "Ben O, absent, saved".
    pub label: String,
}

/// What stands on a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TileState {
    /// No mark.
    Blank,
    /// Present.
    Present,
    /// Absent.
    Absent,
    /// Here, late.
    Late,
    /// The office expects an absence; no mark needed.
    ExpectedAbsent,
    /// On the school's business elsewhere; no mark needed.
    ExpectedElsewhere,
    /// No longer in this class; the tile stays where it was.
    Gone,
}

/// Both halves of one earlier day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DayStrokes {
    /// Morning.
    pub am: Stroke,
    /// Afternoon.
    pub pm: Stroke,
}

/// One half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stroke {
    /// Nothing known.
    None,
    /// Here.
    Present,
    /// Here, late.
    Late,
    /// Not here.
    Absent,
}

/// A question about one pupil, over the tiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// Who.
    pub pupil: PupilId,
    /// "Ben O is marked absent."
    pub title: String,
    /// One sentence more, or empty.
    pub words: String,
    /// "Came late · 12 minutes" (sends `Late`), or empty.
    pub late: String,
    /// "My mistake, here from the start" (sends `Mistake`), or empty.
    pub mistake: String,
    /// "Take the mark back" (sends `Clear`), or empty.
    pub clear: String,
    /// "Leave as it is" (sends `Back`).
    pub leave: String,
}

/// [`Screen::Submitted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Submitted {
    /// The strip.
    pub bar: Bar,
    /// "The morning register is in."
    pub title: String,
    /// "Submitted at 08:57".
    pub when: String,
    /// "26 here · 2 absent · 1 late".
    pub summary: String,
    /// Whether the submission is on disk. Never true before `Saved`.
    pub saved: bool,
    /// "Saved. Sent to the office.", "Saved here. It will be sent when the network is back.", "Saving…"
    pub words: String,
    /// Who is absent and unexplained: "Ben O, Noah V".
    pub absent: String,
    /// The button that leads back to the tiles.
    pub change: String,
}
