//! The register: how facts become marks ([`decide`]), how marks become a record ([`record`]), and what a person
//! must settle ([`Question`]).
//!
//! Must never: depend on the order in which facts were received, for the current mark or the open questions.

mod fact;
mod question;

pub use fact::{Fact, MarkKey, Provenance, What};
pub use question::{Question, QuestionKey, QuestionKind};
