//! A roll call as it stands on the screen: plain data, words ready to show.
//!
//! Must never: say why somebody is not in school.

use super::screen::Bar;
use serde::Serialize;
use shared::id::{ClassId, PupilId};

/// [`Screen::RollCall`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollCall {
    /// The strip.
    pub bar: Bar,
    /// "Roll call · drill", or "Who is in the building".
    pub title: String,
    /// Whether one is under way on this screen.
    pub under_way: bool,
    /// Those who were not seen yet; without a roll call, those in the building.
    pub count: u32,
    /// "not seen yet, of 214".
    pub words: String,
    /// The classes, with those first that lack somebody.
    pub groups: Vec<RollGroup>,
    /// Pupils are on the screen, and not the classes.
    pub listing: bool,
    /// "3 Willow: 4 of 30 not seen yet"; empty without `listing`.
    pub heading: String,
    /// Those who were not seen yet first.
    pub pupils: Vec<RollPupil>,
    /// "Everybody not seen yet" (sends `RollMissing`), or empty.
    pub missing: String,
    /// "Begin a roll call" (sends `RollCall`), "End the roll call", "Yes, end it" (send `EndRollCall`), or empty.
    pub act: String,
    /// "Back", "All classes", "Go on" (sends `Back`), or empty.
    pub back: String,
    /// A sentence about what just happened or is asked, or empty.
    pub notice: String,
}

/// A class in a roll call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollGroup {
    /// Sends `RollClass`.
    pub class: ClassId,
    /// "3 Willow".
    pub name: String,
    /// "4 not seen yet", "all 30 seen"; without a roll call "30 in the building".
    pub words: String,
    /// Nobody is missing.
    pub done: bool,
    /// Whether it can be opened.
    pub open: bool,
}

/// A pupil in a roll call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollPupil {
    /// Sends `Account`.
    pub pupil: PupilId,
    /// First name.
    pub first: String,
    /// As much of the surname as tells two apart.
    pub initial: String,
    /// How they stand.
    pub state: RollState,
    /// "no mark yet", "went out 11:20", "not in school", the class in a list over all; or empty.
    pub detail: String,
    /// Whether the tick is on disk.
    pub saved: bool,
    /// The whole in words: "Ben O, not seen yet".
    pub label: String,
}

/// How a pupil stands in a roll call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RollState {
    /// Somebody must see them.
    Missing,
    /// Seen.
    Seen,
    /// Not in the building, as far as is known.
    Elsewhere,
}
