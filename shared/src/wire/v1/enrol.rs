//! Enrolment: how a kiosk without a school gets one. See docs/PROTOCOL.md.
//!
//! Must never: carry the device token anywhere but in [`Enrolment::Granted`].

use super::Mode;
use crate::id::{KioskId, SchoolId};
use crate::log::Hash;
use crate::text::{Name, Text};
use serde::{Deserialize, Serialize};

/// `POST /enrol/v1/request`: a kiosk without a school asks to be enrolled. It commits to a nonce, so that nobody in
/// the middle can search for a key with the same check word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// sha256 of the nonce.
    pub commit: Hash,
    /// Version of the program.
    pub app: Text<40>,
}

/// The answer to [`EnrolRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolTicket {
    /// What the kiosk shows and IT types, as `K7QX-4M2P`.
    pub code: Text<12>,
    /// Secret of this request, for the poll (64 hexadecimal digits).
    pub ticket: Text<64>,
    /// Seconds until the code lapses.
    pub seconds: u32,
}

/// `POST /enrol/v1/poll`: the nonce opened, and the question whether somebody typed the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolPoll {
    /// The secret of the request.
    pub ticket: Text<64>,
    /// The nonce, 32 bytes in hexadecimal; its sha256 is the commitment.
    pub nonce: Text<64>,
    /// What stands on the kiosk's card, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<EnrolWish>,
}

/// What whoever set the kiosk up wrote on its card.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EnrolWish {
    /// Its name on the wall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Name>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The classes whose registers it takes, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Name>,
    /// The code of a whole box of kiosks: nobody types this one's own. Told to a server only whose key was known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<40>>,
}

/// The answer to [`EnrolPoll`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Enrolment {
    /// Nobody has typed the code yet.
    Waiting,
    /// Enrolled.
    Granted {
        /// The kiosk's id.
        kiosk: KioskId,
        /// The school.
        school: SchoolId,
        /// The kiosk's name.
        room: Name,
        /// What it is for.
        mode: Mode,
        /// The device token, shown once: `rbk_` and 64 hexadecimal digits.
        token: Text<80>,
        /// sha256 of the server's public key (SPKI, DER), to pin.
        pin: Hash,
        /// sha256 of the announced next key, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_pin: Option<Hash>,
    },
    /// Somebody said no, or the code lapsed: ask again.
    Refused,
}
