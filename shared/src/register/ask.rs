//! What is asked and because of which facts; what of it a person has settled already.
//!
//! Must never: keep a question open that was settled by somebody who had seen all that raises it.

use super::told::Told;
use super::{Question, QuestionKey, QuestionKind, Sitting};
use crate::id::ClassId;
use crate::log::Origin;
use std::collections::BTreeSet;

/// One thing to ask, with the facts that raise it.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub key: QuestionKey,
    pub because: BTreeSet<Origin>,
}

impl Ask {
    /// About this pupil.
    pub fn pupil(kind: QuestionKind, sitting: &Sitting, because: impl IntoIterator<Item = Origin>) -> Self {
        let key = QuestionKey { kind, session: sitting.key.session, class: None, pupil: Some(sitting.key.pupil) };
        Self { key, because: because.into_iter().collect() }
    }
    /// About a whole register: every pupil's facts give the same key, so it is one question.
    pub fn register(
        kind: QuestionKind,
        class: ClassId,
        sitting: &Sitting,
        because: impl IntoIterator<Item = Origin>,
    ) -> Self {
        let key = QuestionKey { kind, session: sitting.key.session, class: Some(class), pupil: None };
        Self { key, because: because.into_iter().collect() }
    }
    pub const fn kind(&self) -> QuestionKind {
        self.key.kind
    }
}

/// What the teacher told or asked the office. It changes no mark. A change that was asked for is dealt with once somebody
/// in the office who had seen it has amended the mark.
pub(super) fn of_the_teacher(told: &Told<'_>, sitting: &Sitting) -> Vec<Ask> {
    let mut asks = Vec::new();
    if !told.notes.is_empty() {
        asks.push(Ask::pupil(QuestionKind::Note, sitting, told.notes.iter().map(|kept| kept.fact.origin)));
    }
    let dealt_with = |origin: &Origin| told.rulings.iter().any(|ruling| ruling.seen.contains(origin));
    let wishes: Vec<Origin> = told.wishes.iter().map(|kept| kept.fact.origin).filter(|o| !dealt_with(o)).collect();
    if !wishes.is_empty() {
        asks.push(Ask::pupil(QuestionKind::ChangeAsked, sitting, wishes));
    }
    asks
}

/// The questions that are open. A settled one opens again only when a fact raises it that was not seen then.
pub(super) fn open(asks: Vec<Ask>, told: &Told<'_>) -> BTreeSet<Question> {
    asks.into_iter()
        .filter(|ask| !told.settled.get(&ask.key).is_some_and(|seen| ask.because.is_subset(seen)))
        .map(|ask| Question { key: ask.key, urgent: ask.kind() == QuestionKind::NotInClass })
        .collect()
}
