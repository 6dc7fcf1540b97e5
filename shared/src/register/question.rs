//! A question: what the register cannot know and a person in the office must settle.
//!
//! Must never: be raised once per pupil where it is one question about a register.

use crate::calendar::{Half, SessionKey};
use crate::codes::Code;
use crate::id::{ClassId, PupilId};
use serde::{Deserialize, Serialize};

/// What a question is about: the same facts always give the same key, so a question is open once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionKey {
    /// What kind.
    pub kind: QuestionKind,
    /// The session.
    pub session: SessionKey,
    /// The register it is about, for a question of a whole register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassId>,
    /// The pupil it is about, for a question of one pupil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pupil: Option<PupilId>,
}

/// The kinds of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Signed in at reception and marked absent in class: in the building, not in class. Urgent.
    NotInClass,
    /// Marked present in class for the first time after the register had closed (one per register).
    LateRegister,
    /// A later fact disagrees with what the office set.
    Disagrees,
    /// On the roll of this session, without a tile on the screen that was submitted.
    NoTile,
    /// Somebody arrived, or was marked, against a code that says they are elsewhere.
    AgainstCode,
    /// A mark on a day when the school is closed or has no such session (filed, not posted).
    ClosedDay,
    /// Marked present by a kiosk that does not own the register.
    OtherKiosk,
    /// The time is known only as an interval that straddles a limit (one per register or arrival).
    UnsureTime,
    /// A mark about a pupil who is not on the roll of that session (filed, not posted).
    NotOnRoll,
    /// The teacher told the office something about a pupil.
    Note,
    /// After close, the teacher asked the office to change a mark.
    ChangeAsked,
}

/// An open question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Its key.
    pub key: QuestionKey,
    /// Whether it cannot wait until the end of the morning.
    pub urgent: bool,
}

/// The answers that are offered with a question. Whatever else a person wants to say is an amendment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// Leave it as it stands.
    Stands,
    /// The pupil was here on time.
    Present,
    /// The pupil came late, before the register closed.
    Late,
    /// The pupil came after the register had closed.
    AfterClose,
    /// The pupil was not here; no reason is known.
    Absent,
}

impl Answer {
    /// The answer in a word, as it is offered and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stands => "as it stands",
            Self::Present => "present",
            Self::Late => "late",
            Self::AfterClose => "after close",
            Self::Absent => "absent",
        }
    }
    /// The answer of a word. A word that nobody offered changes no mark.
    #[must_use]
    pub fn of(word: &str) -> Self {
        [Self::Present, Self::Late, Self::AfterClose, Self::Absent]
            .into_iter()
            .find(|answer| answer.word() == word)
            .unwrap_or(Self::Stands)
    }
    /// The code that it sets, if it sets one.
    #[must_use]
    pub const fn code(self, half: Half) -> Option<Code> {
        match self {
            Self::Stands => None,
            Self::Present => Some(Code::present(half)),
            Self::Late => Some(Code::L),
            Self::AfterClose => Some(Code::U),
            Self::Absent => Some(Code::N),
        }
    }
}

impl QuestionKind {
    /// The answers to offer. A question about a whole register changes no mark by itself: its marks are amended one by
    /// one, each with its reason.
    #[must_use]
    pub const fn answers(self) -> &'static [Answer] {
        match self {
            Self::NotInClass | Self::OtherKiosk => &[Answer::Present, Answer::Absent],
            Self::NoTile => &[Answer::Present, Answer::Late, Answer::Absent],
            Self::AgainstCode => &[Answer::Stands, Answer::Present, Answer::Late, Answer::AfterClose],
            Self::ChangeAsked => &[Answer::Stands, Answer::Present, Answer::Late, Answer::AfterClose, Answer::Absent],
            Self::UnsureTime => &[Answer::Stands, Answer::Present, Answer::Late, Answer::AfterClose],
            Self::LateRegister | Self::Disagrees | Self::ClosedDay | Self::NotOnRoll | Self::Note => &[Answer::Stands],
        }
    }
}
