//! What stands on the screen: plain data, words ready to show, ids for what can be touched.
//!
//! Must never: hold a reason for an absence, or name a thing by its place in a list.

use serde::Serialize;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use shared::text::Name;

/// The whole screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "screen", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)] // one at a time; a box would only be in the way
pub enum Screen {
    /// No school yet: shows the code that IT types.
    NotEnrolled(NotEnrolled),
    /// Classroom: who is it?
    SignOn(SignOn),
    /// Classroom: which register? Several classes, or the time is not sure.
    ChooseRegister(ChooseRegister),
    /// Classroom: the tiles.
    Register(Register),
    /// Classroom: the register is in.
    Submitted(Submitted),
    /// Reception: the invitation.
    ReceptionIdle(ReceptionIdle),
    /// Reception: year, class, name, or in or out.
    ReceptionFind(ReceptionFind),
    /// Reception: is this you?
    ReceptionConfirm(ReceptionConfirm),
    /// Reception: why are you late?
    ReceptionReason(ReceptionReason),
    /// Reception: the answer.
    ReceptionDone(ReceptionDone),
    /// A calm sentence, until somebody taps or some seconds pass.
    Message(Message),
}

/// The strip at the top of most screens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Bar {
    /// "3 Willow", "Room 7".
    pub title: String,
    /// "Monday 23 November", or empty when nobody knows.
    pub date: String,
    /// "Morning", "Afternoon", or empty.
    pub session: String,
    /// "09:07"; "≈ 09:07" when the time is not sure; "≈" when nothing is known.
    pub clock: String,
    /// Whether the time is not sure.
    pub unsure: bool,
    /// How sending stands.
    pub sync: SyncLine,
    /// What is wrong with the kiosk, one sentence, or empty.
    pub fault: String,
}

/// How sending stands, in one of three calm forms.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SyncLine {
    /// Which form.
    pub form: SyncForm,
    /// "All sent", "29 waiting to send", "No network since 08:41 · 29 kept here".
    pub words: String,
}

/// The three forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncForm {
    /// Nothing waits.
    #[default]
    Sent,
    /// Some wait; the network is there.
    Waiting,
    /// No network. All is kept.
    Offline,
}

/// [`Screen::NotEnrolled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotEnrolled {
    /// As "K7QX-4M2P"; empty while the server has not answered.
    pub code: String,
    /// Empty until known.
    pub check_word: String,
    /// What to do.
    pub words: String,
    /// What is in the way, or empty.
    pub trouble: String,
}

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
    /// "Mark the 5 blanks present", or empty when there are none.
    pub fill: String,
    /// Whether there is something to undo.
    pub can_undo: bool,
    /// "Submit", or "Submit again".
    pub submit: String,
    /// Whether submitting would be taken now.
    pub can_submit: bool,
    /// One sentence about what just happened, or empty.
    pub notice: String,
    /// The question that a tap asked, if one did.
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
}

/// [`Screen::ReceptionIdle`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceptionIdle {
    /// "09:07".
    pub clock: String,
    /// Whether the time is not sure.
    pub unsure: bool,
    /// "Monday 23 November".
    pub date: String,
    /// "Good morning".
    pub greeting: String,
    /// "Registers are open until 9:20".
    pub meaning: String,
    /// Whether the meaning is amber (late now) rather than calm.
    pub late: bool,
    /// The years to pick from, in order.
    pub years: Vec<Name>,
    /// How sending stands, shown small.
    pub sync: SyncLine,
    /// What is wrong with the kiosk, one sentence, or empty.
    pub fault: String,
}

/// [`Screen::ReceptionFind`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceptionFind {
    /// "09:07".
    pub clock: String,
    /// "Which class are you in?"
    pub title: String,
    /// "Year 3 · signing in".
    pub words: String,
    /// What can be picked.
    pub choices: Vec<FindChoice>,
}

/// One thing to pick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindChoice {
    /// What.
    pub pick: Pick,
    /// "Kian".
    pub label: String,
    /// "Y", lighter; or empty.
    pub detail: String,
}

/// What a choice stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Sends `PickYear`.
    Year(Name),
    /// Sends `PickClass`.
    Class(ClassId),
    /// Sends `PickPupil`.
    Pupil(PupilId),
    /// Sends `GoingHome`.
    GoingHome,
    /// Sends `ComingBack`.
    ComingBack,
}

/// [`Screen::ReceptionConfirm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceptionConfirm {
    /// "09:07".
    pub clock: String,
    /// "Kian".
    pub first: String,
    /// "Y".
    pub initial: String,
    /// "3 Willow".
    pub class: String,
    /// "Is this you?"
    pub title: String,
    /// "Yes, sign me in".
    pub yes: String,
    /// "No, go back".
    pub no: String,
}

/// [`Screen::ReceptionReason`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceptionReason {
    /// "09:07".
    pub clock: String,
    /// "Good morning, Kian. What kept you?"
    pub title: String,
    /// "Only the office can read your answer."
    pub words: String,
    /// Reasons to pick from; each sends `PickReason`.
    pub reasons: Vec<Name>,
    /// "I would rather not say" (sends `NoReason`).
    pub none: String,
}

/// [`Screen::ReceptionDone`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceptionDone {
    /// Green, amber or plain. Never red.
    pub tone: Tone,
    /// What stands in the circle.
    pub sign: Sign,
    /// "Good morning, Kian".
    pub title: String,
    /// "Signed in at 09:07. Go straight to 3 Willow."
    pub words: String,
    /// Whether it is on disk. Never true before `Saved`.
    pub saved: bool,
    /// "Saved. The office knows you are here.", "Saving…"
    pub saved_words: String,
    /// Seconds until the screen goes home by itself.
    pub seconds: u32,
}

/// The colour of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// On time.
    Green,
    /// Late.
    Amber,
    /// Neither.
    Plain,
}

/// What stands in the circle of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// `/`
    Morning,
    /// `\`
    Afternoon,
    /// `L`
    Late,
    /// A tick.
    Tick,
    /// A small house: going home.
    Home,
}

/// [`Screen::Message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// A few words.
    pub title: String,
    /// A sentence or two.
    pub words: String,
    /// The button, or empty: the screen stays until something changes.
    pub button: String,
    /// "09:07".
    pub clock: String,
}
