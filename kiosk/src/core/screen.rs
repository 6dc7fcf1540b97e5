//! What stands on the screen: plain data, words ready to show, ids for what can be touched.
//!
//! Must never: hold a reason for an absence, or name a thing by its place in a list.

pub use super::picture::{Picture, Pictured};
pub use super::roll_screen::{RollCall, RollGroup, RollPupil, RollState};
pub use super::screen_classroom::*;

use serde::Serialize;
use shared::id::{ClassId, PupilId};
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
    /// Classroom: the names, one by one.
    Call(Call),
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
    /// Nobody is at school.
    Resting(Resting),
    /// Who is in the building, and who was seen.
    RollCall(RollCall),
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
    /// "Roll call" (sends `RollCall`).
    pub roll_call: String,
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
    /// Sends `PickMonth`.
    Month(u8),
    /// Sends `PickPupil`.
    Pupil(PupilId),
    /// Sends `GoingHome`.
    GoingHome,
    /// Sends `ComingBack`.
    ComingBack,
    /// Sends `BeginRollCall`.
    Begin {
        /// Not a drill.
        real: bool,
    },
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
    /// Whether it asks who collects a pupil; else it asks why.
    pub collecting: bool,
    /// What to pick from; each sends `PickReason`, or `PickCollector`.
    pub reasons: Vec<Pictured>,
    /// "I would rather not say" (sends `NoReason`), or empty.
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

/// [`Screen::Resting`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resting {
    /// "18:07".
    pub clock: String,
    /// "Monday 23 November".
    pub date: String,
    /// "Touch to begin", or what is wrong with the kiosk.
    pub words: String,
    /// Where the clock stands now, of twelve places.
    pub place: u8,
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
