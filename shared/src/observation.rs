//! What a kiosk saw: the facts of its log.
//!
//! Must never: hold a code that tells a reason, a card number, or a time that somebody computed. A kiosk stores
//! only what it read from its clocks; what that means is resolved later (see [`crate::time`]).

use crate::calendar::SessionKey;
use crate::id::{ClassId, LogId, PupilId, RollCallId, StaffId};
use crate::log::First;
use crate::text::Text;
use crate::time::{Anchor, Millis, Reading};
use serde::{Deserialize, Serialize};

/// One fact as a kiosk writes it: when (by its own clocks), who acted, what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// What the kiosk's clocks said.
    pub at: Reading,
    /// Who was signed on, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<StaffId>,
    /// What was seen.
    pub what: Observation,
    /// Where this fact stood first, when a log was begun anew after a fork. The fold drops doubles by its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<First>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Observation {
    /// The kiosk's program began. `floor` is the last trusted instant saved on its disk.
    Booted {
        /// Server time that certainly had passed already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor: Option<Millis>,
    },
    /// An exchange tied this boot's monotonic clock to the server's time.
    Anchored {
        /// The tie.
        anchor: Anchor,
    },
    /// A member of staff signed on.
    SignedOn {
        /// How they showed who they are.
        means: Means,
    },
    /// The teacher tapped a tile.
    Marked {
        /// The session whose register was on the screen. The screen made sure of it, or asked.
        session: SessionKey,
        /// The class whose register was on the screen.
        class: ClassId,
        /// The pupil.
        pupil: PupilId,
        /// Present, absent, or blank again.
        mark: Mark,
    },
    /// The teacher said "came late": an arrival at the classroom door.
    CameLate {
        /// As for [`Observation::Marked`].
        session: SessionKey,
        /// As for [`Observation::Marked`].
        class: ClassId,
        /// The pupil.
        pupil: PupilId,
    },
    /// The teacher sent the register.
    Submitted {
        /// The session.
        session: SessionKey,
        /// The class.
        class: ClassId,
        /// The pupils who had a tile: those without one are a question, not an N.
        tiles: Vec<PupilId>,
    },
    /// A pupil came in at reception.
    Arrived {
        /// The pupil.
        pupil: PupilId,
        /// By card, or by finding themselves on the screen.
        means: Means,
        /// The date of the day, where the screen had to ask or knew it (a clock of 1970 does not).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionKey>,
        /// The reason picked, sealed to the server's key (base64).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    },
    /// Why a pupil who came in was late, as picked on the screen after the arrival was on disk: an arrival does not
    /// wait for its reason, and is not lost with it.
    Explained {
        /// The pupil.
        pupil: PupilId,
        /// As for [`Observation::Arrived`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionKey>,
        /// The reason, sealed to the server's key (base64); none if it could not be sealed: in the clear it goes nowhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    },
    /// A pupil left the building.
    Left {
        /// The pupil.
        pupil: PupilId,
        /// By card or by name.
        means: Means,
        /// As for [`Observation::Arrived`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionKey>,
        /// Who collected them, as picked on the screen, sealed to the server's key (base64).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collected: Option<Sealed>,
        /// How the member of staff who let them go showed who they are; [`Observed::by`] says who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved: Option<Means>,
    },
    /// A pupil who had left came back.
    Returned {
        /// The pupil.
        pupil: PupilId,
        /// By card or by name.
        means: Means,
        /// As for [`Observation::Arrived`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionKey>,
    },
    /// The teacher told the office something about a pupil, in one of a few phrases.
    Noted {
        /// The session whose register was on the screen.
        session: SessionKey,
        /// The class whose register was on the screen.
        class: ClassId,
        /// The pupil.
        pupil: PupilId,
        /// The phrase, sealed to the server's key (base64): it may tell of health. None if it could not be sealed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Sealed>,
    },
    /// After the register had closed, the teacher asked the office to change a mark. It changes none by itself.
    ChangeAsked {
        /// As for [`Observation::Noted`].
        session: SessionKey,
        /// As for [`Observation::Noted`].
        class: ClassId,
        /// The pupil.
        pupil: PupilId,
        /// What it should have been.
        wish: Wish,
    },
    /// A wrong PIN was typed for a member of staff. Kept so that a lock outlives a restart.
    PinRefused {
        /// For whom.
        staff: StaffId,
    },
    /// A member of staff began a roll call of everybody in the building.
    RollCallBegun {
        /// Names it.
        call: RollCallId,
        /// Whether the building is being left in earnest; false: a drill.
        real: bool,
    },
    /// A pupil was seen at the assembly point, or that was taken back.
    Accounted {
        /// Which roll call.
        call: RollCallId,
        /// The pupil.
        pupil: PupilId,
        /// Seen; false: ticked by mistake.
        seen: bool,
    },
    /// A member of staff ended a roll call.
    RollCallEnded {
        /// Which.
        call: RollCallId,
    },
    /// Something the kiosk must tell the office in its own fixed words (a card nobody knows, a full disk).
    Noticed {
        /// What.
        notice: Notice,
    },
}

/// The teacher's word about one pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Here.
    Present,
    /// Not here, no reason known to the teacher.
    Absent,
    /// Taken back: no mark.
    Blank,
}

/// What a teacher asks the office to make of a mark once the register has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Was here from the start.
    Present,
    /// Came late.
    Late,
    /// Was not here.
    Absent,
}

/// How a person showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A card.
    Card,
    /// A name picked on the screen (for staff: with a PIN).
    Name,
}

/// Base64 of bytes that only the server can open.
pub type Sealed = Text<1400>;

/// What a kiosk tells the office about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case", deny_unknown_fields)]
pub enum Notice {
    /// A card that is bound to nobody. The number travels only as a keyed hash (64 hexadecimal digits).
    UnknownCard {
        /// The keyed hash.
        card: Text<64>,
    },
    /// Its log was forked (card cloned or restored) and begun anew.
    LogBegunAnew,
    /// Its disk is full.
    DiskFull,
    /// Too many wrong PINs for one member of staff.
    PinLocked {
        /// Whose.
        staff: StaffId,
    },
    /// Its file was damaged and set aside. What could be read of it was taken over, into a new log.
    StoreDamaged {
        /// Facts that people had caused, that the server may not have had, and that were taken over.
        kept: u64,
        /// Entries that the server did not have and that could not be read.
        lost: u64,
        /// Entries that could not be read and of which the server has the only copy, as far as the kiosk knows: no backup had
        /// them yet. A server that is restored from before them asks the office.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only_copy: Option<OnlyCopy>,
    },
}

/// Where the entries stand of which the server has the only copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlyCopy {
    /// The kiosk's log of before.
    pub log: LogId,
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// How many of those between are meant.
    pub count: u64,
}

impl OnlyCopy {
    /// How many are gone where that log ends with `end` (0: nothing of it is there).
    #[must_use]
    pub fn gone(self, end: u64) -> u64 {
        self.count.min(self.last.saturating_sub(end.max(self.first.saturating_sub(1))))
    }
}

impl Observation {
    /// Whether a person caused this fact (the rest is the kiosk's own housekeeping).
    #[must_use]
    pub const fn by_a_person(&self) -> bool {
        !matches!(self, Self::Booted { .. } | Self::Anchored { .. } | Self::PinRefused { .. } | Self::Noticed { .. })
    }
    /// The pupil this is about, if it is about one.
    #[must_use]
    pub const fn pupil(&self) -> Option<PupilId> {
        match self {
            Self::Marked { pupil, .. }
            | Self::CameLate { pupil, .. }
            | Self::Noted { pupil, .. }
            | Self::ChangeAsked { pupil, .. }
            | Self::Arrived { pupil, .. }
            | Self::Explained { pupil, .. }
            | Self::Left { pupil, .. }
            | Self::Returned { pupil, .. }
            | Self::Accounted { pupil, .. } => Some(*pupil),
            _ => None,
        }
    }
    /// The session named in it, if one is.
    #[must_use]
    pub const fn session(&self) -> Option<SessionKey> {
        match self {
            Self::Marked { session, .. }
            | Self::CameLate { session, .. }
            | Self::Submitted { session, .. }
            | Self::Noted { session, .. }
            | Self::ChangeAsked { session, .. } => Some(*session),
            Self::Arrived { session, .. }
            | Self::Explained { session, .. }
            | Self::Left { session, .. }
            | Self::Returned { session, .. } => *session,
            _ => None,
        }
    }
}
