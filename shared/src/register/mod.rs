//! The register: how facts become marks ([`decide`]), how marks become a record ([`record`]), and what a person
//! must settle ([`Question`]).
//!
//! Must never: depend on the order in which facts were received, for the current mark or the open questions.

mod arrival;
mod ask;
mod decide;
mod decision;
mod disagree;
mod fact;
mod moment;
mod overdue;
mod question;
mod record;
mod sitting;
mod state;
mod told;

pub use crate::calendar::Times;
pub use decide::decide;
pub use decision::{Basis, Decision, Ground, Grounds, Noted, Standing, seen};
pub use fact::{Fact, MarkKey, Provenance, What};
pub use overdue::overdue;
pub use question::{Answer, Question, QuestionKey, QuestionKind};
pub use record::{EntryNow, NewEntry, Posting, record};
pub use sitting::{DayKind, Sitting};
pub use state::{RegisterState, Tally, register_state};

#[cfg(test)]
mod tests;
