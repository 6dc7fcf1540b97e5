//! A fact as the register sees it: an observation or an act about one pupil and session, with its time resolved.
//!
//! Must never: hold a raw clock reading.

use crate::act::Officer;
use crate::calendar::SessionKey;
use crate::codes::Code;
use crate::id::{ClassId, KioskId, PlanId, PupilId, StaffId};
use crate::log::Origin;
use crate::observation::{Mark, Means, Wish};
use crate::register::QuestionKey;
use crate::text::Remark;
use crate::time::{Interval, Millis};

/// One fact. The set of facts of a pupil and session decides the mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Where it stands (the first place, if it was re-appended): its identity.
    pub origin: Origin,
    /// When it happened.
    pub when: Interval,
    /// When the server had it. Colours the history ("received late"), never the mark.
    pub received: Millis,
    /// Who wrote it.
    pub from: Provenance,
    /// What.
    pub what: What,
}

/// Who wrote a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// A kiosk.
    Kiosk {
        /// Which, whatever log it writes.
        kiosk: KioskId,
        /// Its room, for "received late from kiosk …".
        room: crate::text::Name,
        /// Whether it is a kiosk of the pupil's class that session, or of reception.
        owns: bool,
        /// Who was signed on, with name and position that day.
        by: Option<Officer>,
        /// The same, by id.
        staff: Option<StaffId>,
    },
    /// The office, the headteacher, or a rule.
    School {
        /// Who.
        by: Officer,
        /// False when the server's clock was not sure.
        clock_sure: bool,
    },
}

/// What happened, reduced to what decides a mark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The teacher's tap.
    Marked {
        /// On which class's register.
        class: ClassId,
        /// The tap.
        mark: Mark,
    },
    /// The teacher's "came late".
    CameLate {
        /// On which class's register.
        class: ClassId,
    },
    /// A sign-in at reception.
    Arrived {
        /// How.
        means: Means,
        /// Whether the screen knew the session, or asked (`Arrived.session` was given). An arrival whose session was
        /// not said belongs to the facts of every session that its interval touches: `decide` takes what is its own.
        said: bool,
    },
    /// The teacher told the office something. What was said stays sealed.
    Told,
    /// After close the teacher asked the office to change the mark.
    ChangeAsked {
        /// To what.
        wish: Wish,
    },
    /// Left the building.
    Left,
    /// Came back.
    Returned,
    /// The class's register was submitted; whether this pupil had a tile.
    Submitted {
        /// The class.
        class: ClassId,
        /// Whether the pupil had a tile.
        tile: bool,
    },
    /// The class's register was closed by rule.
    Closed {
        /// The class.
        class: ClassId,
    },
    /// The office set the code.
    Amended {
        /// The code, or blank.
        code: Option<Code>,
        /// Minutes late.
        minutes: Option<u16>,
        /// Nature (P7).
        detail: Option<Remark>,
        /// Why.
        reason: Remark,
        /// What the officer had before them.
        seen: Vec<Origin>,
    },
    /// Expected to be absent or elsewhere.
    Planned {
        /// Which plan.
        plan: PlanId,
        /// Its code.
        code: Code,
        /// Nature (P7).
        detail: Option<Remark>,
        /// Who told, and what.
        reason: Remark,
    },
    /// The plan was withdrawn.
    PlanWithdrawn {
        /// Which plan.
        plan: PlanId,
    },
    /// A question was settled.
    Settled {
        /// Which.
        question: QuestionKey,
        /// The answer in a word.
        answer: Remark,
        /// Facts seen when it was answered.
        seen: Vec<Origin>,
    },
    /// The mark of an earlier system.
    History {
        /// Its code.
        code: Code,
    },
}

/// Pupil and session together: the key of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MarkKey {
    /// The pupil.
    pub pupil: PupilId,
    /// The session.
    pub session: SessionKey,
}
