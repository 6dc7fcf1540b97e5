//! The state of a class's register for one session: what the Today page says of it.
//!
//! Must never: call a register missing that plans cover wholly (a class on a trip).

use super::told::{clock_sure, once, order};
use super::{DayKind, Decision, Fact, What};
use crate::id::ClassId;
use crate::observation::Mark;
use crate::time::{Interval, Millis};

/// How far the pupils of a register are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Pupils on the roll of this session.
    pub of: u32,
    /// With a word from the teacher, or a mark.
    pub marked: u32,
    /// With a plan in force.
    pub planned: u32,
}

/// The state of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterState {
    /// No school, or no such session, that day.
    NoSchool,
    /// Every pupil is covered by a plan: nobody has to take it.
    Planned,
    /// Nobody was marked yet.
    NotStarted,
    /// Some were.
    InProgress {
        /// Pupils marked.
        marked: u32,
        /// Pupils on roll.
        of: u32,
    },
    /// Submitted, and still open.
    Submitted {
        /// When the teacher sent it.
        at: Interval,
        /// When the server had it.
        received: Millis,
    },
    /// Closed without having been submitted: the office chases the class, not the families (P4).
    Missing {
        /// Pupils marked.
        marked: u32,
        /// Pupils on roll.
        of: u32,
    },
    /// Closed and submitted.
    Closed {
        /// When the teacher sent it.
        submitted: Interval,
        /// When the server had it.
        received: Millis,
        /// Whether it was certainly sent after it had closed.
        late: bool,
    },
}

impl Tally {
    /// Counts the decisions of a register's pupils.
    #[must_use]
    pub fn of<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Self {
        decisions.into_iter().fold(Self::default(), |tally, decision| {
            let word = matches!(decision.tapped, Some(Mark::Present | Mark::Absent));
            Self {
                of: tally.of.saturating_add(1),
                marked: tally.marked.saturating_add(u32::from(word || decision.mark.code.is_some())),
                planned: tally.planned.saturating_add(u32::from(decision.planned)),
            }
        })
    }
}

/// The state of a class's register, from its own facts (submitted, closed) and the tally of its pupils.
#[must_use]
pub fn register_state(facts: &[Fact], class: ClassId, day: &DayKind, tally: Tally) -> RegisterState {
    let DayKind::School(times) = day else { return RegisterState::NoSchool };
    let kept = once(facts);
    let closed = kept.iter().any(|kept| matches!(kept.fact.what, What::Closed { class: c } if c == class));
    let submitted = kept
        .iter()
        .filter(|kept| matches!(kept.fact.what, What::Submitted { class: c, .. } if c == class))
        .min_by_key(|kept| (order(kept), !clock_sure(kept)));
    let Tally { of, marked, planned } = tally;
    match (submitted, closed) {
        (Some(kept), true) => RegisterState::Closed {
            submitted: kept.fact.when,
            received: kept.received,
            late: kept.fact.when.earliest >= times.closes,
        },
        (Some(kept), false) => RegisterState::Submitted { at: kept.fact.when, received: kept.received },
        (None, _) if planned >= of => RegisterState::Planned,
        (None, true) => RegisterState::Missing { marked, of },
        (None, false) if marked > 0 => RegisterState::InProgress { marked, of },
        (None, false) => RegisterState::NotStarted,
    }
}
