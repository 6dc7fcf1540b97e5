//! The commands of a script.
//!
//! Must never: name what a finger could not touch.

use crate::core::{CardNumber, Msg, Pin};
use serde::Deserialize;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use shared::text::Name;

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// A card at the reader.
    Card {
        /// Its number.
        number: CardNumber,
    },
    /// Signs on by name and PIN.
    SignOn {
        /// Who.
        staff: StaffId,
        /// Their PIN.
        pin: Pin,
    },
    /// Picks a register.
    Register {
        /// The class.
        class: ClassId,
        /// The session.
        session: SessionKey,
    },
    /// One tap on a tile.
    Tap {
        /// Whose.
        pupil: PupilId,
    },
    /// Taps and answers until the tile shows this.
    Mark {
        /// Whose.
        pupil: PupilId,
        /// What it is to show.
        #[serde(rename = "as")]
        wanted: Wanted,
    },
    /// Came late.
    Late {
        /// Who.
        pupil: PupilId,
    },
    /// "Mark the rest present".
    RestPresent,
    /// Takes the last step back.
    Undo,
    /// Sends the register.
    Submit,
    /// Back to the tiles of a submitted register.
    ChangeMarks,
    /// Ends the sign-on.
    SignOff,
    /// Reception: in, by name.
    SignIn {
        /// Who.
        pupil: PupilId,
        /// Picked when it is asked for.
        #[serde(default)]
        reason: Option<Name>,
    },
    /// Reception: out, by name.
    GoHome {
        /// Who.
        pupil: PupilId,
        /// Who lets them go.
        staff: StaffId,
        /// Their PIN.
        pin: Pin,
        /// Who collects them, picked when it is asked for; else the first on the screen.
        #[serde(default)]
        collected: Option<Name>,
    },
    /// Reception: back, by name.
    ComeBack {
        /// Who.
        pupil: PupilId,
    },
    /// Cuts the kiosk's own network, or mends it.
    Network {
        /// Whether it works.
        up: bool,
    },
    /// Waits.
    Wait {
        /// What for.
        r#for: For,
        /// Seconds of real time.
        #[serde(default)]
        within_s: Option<f64>,
    },
    /// Prints the screen.
    Screen,
    /// Prints how the kiosk stands.
    Status,
    /// Any message of the core.
    Msg {
        /// The message.
        msg: Box<Msg>,
    },
    /// Ends.
    Quit,
}

/// What a tile is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Here.
    Present,
    /// Not here.
    Absent,
    /// Here, late.
    Late,
    /// No mark.
    Blank,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum For {
    /// Everything asked for is on disk.
    Idle,
    /// And with the server.
    Synced,
    /// The server answers.
    Connected,
    /// The server does not.
    Offline,
    /// This boot has met the server.
    Trusted,
    /// The kiosk has its whole roster, and the server answers.
    Roster,
    /// The office has switched the kiosk off.
    Revoked,
}
