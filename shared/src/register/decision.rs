//! A decision: what `decide` says of one pupil and session.
//!
//! Must never: depend on when a fact was received, except in the colour of the words that explain it.

use super::told::Kept;
use super::{Provenance, Question, What};
use crate::act::Officer;
use crate::codes::{Class, Code};
use crate::log::Origin;
use crate::observation::Mark;
use crate::text::{Name, Remark};
use crate::time::{Interval, Millis};
use crate::wire::v1::{Expected, Seen};
use std::collections::BTreeSet;

/// What the facts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What stands. Its code is `None` while the mark is blank.
    pub mark: Standing,
    /// What a person must settle. A question about a register has the same key from each of its pupils: the register's
    /// open questions are the union over its pupils.
    pub questions: BTreeSet<Question>,
    /// What the teacher says, all kiosks together, whether or not it decides: `Absent` is posted as N only at close.
    pub tapped: Option<Mark>,
    /// Arrivals of this session, earliest first, whether or not they decide (P5).
    pub arrivals: Vec<Noted>,
    /// Absent or elsewhere, as far as the office knows already. No code, no reason.
    pub expected: Option<Expected>,
    /// Whether a plan or a parent's call covers this session.
    pub planned: bool,
    /// Left in this session without coming back: expected absent in the next.
    pub left: bool,
    /// Whether the register of the pupil's class was closed.
    pub closed: bool,
}

/// A mark as it stands by the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The code; `None`: blank.
    pub code: Option<Code>,
    /// Whole minutes late with L and U, counted from the session's start and rounded down, so that nobody is later on
    /// paper than they were; 0 is less than a minute.
    pub minutes: Option<u16>,
    /// Nature of the activity or circumstance (P7).
    pub detail: Option<Remark>,
    /// True until a time that decides it is known.
    pub provisional: bool,
    /// Why.
    pub basis: Basis,
}

/// Why a mark stands: the rule, and the fact that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The rule.
    pub ground: Ground,
    /// The fact; none for a blank that nobody touched.
    pub fact: Option<Grounds>,
}

/// What the record tells of the fact that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    /// Where it stands.
    pub origin: Origin,
    /// When it happened.
    pub when: Interval,
    /// When the server had it first.
    pub received: Millis,
    /// The room of the kiosk that saw it; none for an act of the office or of a rule.
    pub room: Option<Name>,
    /// Who acted. Where nobody was signed on, this says so, and at which kiosk.
    pub by: Option<Officer>,
    /// What the officer or the family said.
    pub said: Option<Remark>,
}

/// The rule that decided, in the design's order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ground {
    /// 1: an amendment by a person in the office.
    Amended,
    /// 1: a question that a person settled with a code.
    Settled,
    /// 2: a timed arrival.
    Arrival,
    /// 3: the teacher's mark.
    Teacher,
    /// The mark of an earlier system.
    History,
    /// 4: a plan or a parent's call, posted at close.
    Plan,
    /// Y4: the site had to close.
    SiteClosed,
    /// 5: N at close.
    Close,
    /// Blank: the teacher marked absent, which is posted as N only at close.
    Absent,
    /// Blank: taken back, or never touched.
    Nothing,
    /// Filed, not posted: no school, or not on this session's roll.
    Filed,
}

/// An arrival of this session, for the late book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The fact.
    pub origin: Origin,
    /// When.
    pub when: Interval,
}

impl Decision {
    /// The code that stands, if the mark is not blank.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        self.mark.code
    }
    /// What another screen may know of it (law 8): three words, no code. None while blank, or when the pupil is
    /// expected elsewhere.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        seen(self.mark.code, self.tapped)
    }
}

/// What another screen may know of a mark as it stands: by its code, and by the teacher's tap where no code stands yet.
#[must_use]
pub fn seen(code: Option<Code>, tapped: Option<Mark>) -> Option<Seen> {
    match code {
        Some(code) if code.late() => Some(Seen::Late),
        Some(code) => match code.class() {
            Class::Attending => Some(Seen::Present),
            Class::Authorised | Class::Unauthorised => Some(Seen::Absent),
            Class::Educational | Class::NotPossible | Class::Administrative => None,
        },
        None if tapped == Some(Mark::Absent) => Some(Seen::Absent),
        None => None,
    }
}

impl Standing {
    /// A mark that rests on a fact.
    pub(super) fn of(code: Option<Code>, ground: Ground, kept: &Kept<'_>) -> Self {
        let basis = Basis { ground, fact: Some(Grounds::of(kept)) };
        Self { code, minutes: None, detail: None, provisional: false, basis }
    }
    /// The same, with what was said.
    pub(super) fn saying(mut self, reason: &Remark) -> Self {
        if let Some(fact) = &mut self.basis.fact {
            fact.said = Some(reason.clone());
        }
        self
    }
}

impl Grounds {
    /// What the record tells of a fact.
    pub(super) fn of(kept: &Kept<'_>) -> Self {
        let (room, by) = match &kept.fact.from {
            Provenance::Kiosk { room, by, staff, .. } => {
                let by = by.clone().or_else(|| unnamed(room, staff.is_some(), &kept.fact.what));
                (Some(room.clone()), by)
            }
            Provenance::School { by, .. } => (None, Some(by.clone())),
        };
        Self { origin: kept.fact.origin, when: kept.fact.when, received: kept.received, room, by, said: None }
    }
}

/// Who stands in the record for what nobody signed on did: the record names no rule for what a hand has done.
fn unnamed(room: &Name, signed_on: bool, what: &What) -> Option<Officer> {
    let who = match what {
        What::Arrived { .. } | What::Left | What::Returned => "the pupil",
        _ if signed_on => "somebody who is not on the staff list",
        _ => "nobody signed on",
    };
    let position = Name::new(&format!("at kiosk {room}")).unwrap_or_else(|_| room.clone());
    Some(Officer::Person { name: Name::new(who).ok()?, position })
}
