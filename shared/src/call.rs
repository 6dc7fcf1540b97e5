//! Calling home about an absence that nobody explained (P12): who is tried, with what outcome, and what comes next.
//!
//! Must never: stop before everybody who can be asked was asked, or send anybody to the police whose mother was never called.

use serde::{Deserialize, Serialize};

/// Who was tried, or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Somebody of the pupil's contacts.
    Contact,
    /// Somebody of the school went to the home.
    Visit,
    /// The pupil's social worker.
    SocialWorker,
    /// Children's services.
    ChildrensServices,
    /// The youth offending officer.
    YouthOffending,
    /// The education welfare officer.
    EducationWelfare,
    /// The police, for a welfare check.
    Police,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody answered, or was told.
    Answered,
    /// A message was left.
    Message,
    /// Nobody answered, or nobody was at home.
    NoAnswer,
    /// The number is wrong, or reaches somebody else.
    WrongNumber,
}

impl Whom {
    /// Everybody, in the order in which a page offers them.
    pub const ALL: [Self; 7] = [
        Self::Contact,
        Self::Visit,
        Self::SocialWorker,
        Self::ChildrensServices,
        Self::YouthOffending,
        Self::EducationWelfare,
        Self::Police,
    ];
    /// As stored, and in a form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Visit => "visit",
            Self::SocialWorker => "social_worker",
            Self::ChildrensServices => "childrens_services",
            Self::YouthOffending => "youth_offending",
            Self::EducationWelfare => "education_welfare",
            Self::Police => "police",
        }
    }
    /// Of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|whom| whom.word() == word)
    }
    /// As people say it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Contact => "a contact",
            Self::Visit => "home visit",
            Self::SocialWorker => "social worker",
            Self::ChildrensServices => "children’s services",
            Self::YouthOffending => "youth offending officer",
            Self::EducationWelfare => "education welfare officer",
            Self::Police => "police",
        }
    }
}

impl Outcome {
    /// All four, in the order in which a page offers them.
    pub const ALL: [Self; 4] = [Self::Answered, Self::Message, Self::NoAnswer, Self::WrongNumber];
    /// As stored, and in a form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Message => "message",
            Self::NoAnswer => "no_answer",
            Self::WrongNumber => "wrong_number",
        }
    }
    /// Of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
    /// As people say it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Message => "message left",
            Self::NoAnswer => "no answer",
            Self::WrongNumber => "wrong number",
        }
    }
}

/// Somebody was tried today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried<'a> {
    /// Who.
    pub whom: Whom,
    /// The contact's name; empty for others.
    pub name: &'a str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What the policy's ladder asks for next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Somebody was reached, and the reason is still to be written down.
    Reason,
    /// Call this contact: its place in calling order, from 0.
    Call(usize),
    /// Somebody goes to the home.
    Visit,
    /// Tell children's services.
    ChildrensServices,
    /// Ask the police for a welfare check.
    Police,
    /// Everything was tried today. Call again on the next school day.
    Tomorrow,
}

impl Step {
    /// How far up the ladder: a later step is never gone back from on the same day.
    #[must_use]
    pub const fn rung(self) -> usize {
        match self {
            Self::Call(place) => place,
            Self::Visit => usize::MAX - 4,
            Self::ChildrensServices => usize::MAX - 3,
            Self::Police => usize::MAX - 2,
            Self::Tomorrow => usize::MAX - 1,
            Self::Reason => usize::MAX,
        }
    }
}

/// The next step of a day (P12): the contacts in calling order, a message left on the way; then the home, children's
/// services, the police. Whoever answers ends the calling: what is then wanted is the reason. Each further day begins anew.
#[must_use]
pub fn next(contacts: &[&str], today: &[Tried<'_>]) -> Step {
    let reached = |t: &Tried<'_>| matches!(t.whom, Whom::Contact | Whom::Visit) && t.outcome == Outcome::Answered;
    if today.iter().any(reached) {
        return Step::Reason;
    }
    let untried = |name: &&str| !today.iter().any(|t| t.whom == Whom::Contact && t.name == *name);
    if let Some(place) = contacts.iter().position(untried) {
        return Step::Call(place);
    }
    let done = |whom| today.iter().any(|t| t.whom == whom);
    match (done(Whom::Visit), done(Whom::ChildrensServices), done(Whom::Police)) {
        (_, _, true) => Step::Tomorrow,
        (_, true, false) => Step::Police,
        (true, false, false) => Step::ChildrensServices,
        (false, false, false) => Step::Visit,
    }
}

/// Whether the pupil's social worker must still be told today: there is one, somebody was tried, and nobody was reached.
#[must_use]
pub fn tell_social_worker(has_one: bool, today: &[Tried<'_>]) -> bool {
    let told =
        today.iter().any(|t| t.whom == Whom::SocialWorker && matches!(t.outcome, Outcome::Answered | Outcome::Message));
    let tried = today.iter().any(|t| t.whom == Whom::Contact);
    let reached = today.iter().any(|t| matches!(t.whom, Whom::Contact | Whom::Visit) && t.outcome == Outcome::Answered);
    has_one && tried && !reached && !told
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Answered, Message, NoAnswer, WrongNumber};
    use proptest::prelude::*;

    const MUM: Tried<'static> = Tried { whom: Whom::Contact, name: "Mum", outcome: Message };

    #[test]
    fn the_ladder_of_the_policy() {
        let contacts = ["Mum", "Dad"];
        let dad = |outcome| Tried { whom: Whom::Contact, name: "Dad", outcome };
        let other = |whom| Tried { whom, name: "", outcome: NoAnswer };
        let cases: [(&[Tried<'_>], Step); 9] = [
            (&[], Step::Call(0)),
            (&[MUM], Step::Call(1)),
            (&[dad(NoAnswer)], Step::Call(0)),
            (&[MUM, dad(WrongNumber)], Step::Visit),
            (&[MUM, dad(Answered)], Step::Reason),
            (&[MUM, dad(NoAnswer), other(Whom::Visit)], Step::ChildrensServices),
            (&[MUM, dad(NoAnswer), other(Whom::Visit), other(Whom::ChildrensServices)], Step::Police),
            (&[MUM, dad(NoAnswer), other(Whom::Visit), other(Whom::Police)], Step::Tomorrow),
            (&[MUM, dad(NoAnswer), Tried { outcome: Answered, ..other(Whom::Visit) }], Step::Reason),
        ];
        for (tried, step) in cases {
            assert_eq!(next(&contacts, tried), step);
        }
        assert_eq!(next(&[], &[]), Step::Visit, "with nobody to call somebody goes");
    }

    #[test]
    fn a_social_worker_is_told_once_somebody_could_not_be_reached() {
        let told = Tried { whom: Whom::SocialWorker, name: "", outcome: Answered };
        assert!(!tell_social_worker(true, &[]));
        assert!(tell_social_worker(true, &[MUM]));
        assert!(!tell_social_worker(false, &[MUM]));
        assert!(!tell_social_worker(true, &[MUM, told]));
        assert!(!tell_social_worker(true, &[Tried { outcome: Answered, ..MUM }]));
    }

    #[test]
    fn words_survive_a_form() {
        for whom in Whom::ALL {
            assert_eq!(Whom::of(whom.word()), Some(whom));
            assert_eq!(serde_json::to_value(whom).unwrap(), whom.word());
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of(outcome.word()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
        assert_eq!(Whom::of("grandmother"), None);
    }

    fn tried() -> impl Strategy<Value = Tried<'static>> {
        let names = prop::sample::select(vec!["Mum", "Dad", "Gran", "nobody"]);
        (prop::sample::select(Whom::ALL.to_vec()), names, prop::sample::select(Outcome::ALL.to_vec()))
            .prop_map(|(whom, name, outcome)| Tried { whom, name, outcome })
    }

    proptest! {
        #[test]
        fn nobody_is_left_out_and_nobody_goes_back(
            calls in prop::collection::vec(tried(), 0..12),
            more in tried(),
        ) {
            let contacts = ["Mum", "Dad", "Gran"];
            let step = next(&contacts, &calls);
            if step.rung() > 3 && step != Step::Reason {
                for name in contacts {
                    prop_assert!(calls.iter().any(|t| t.whom == Whom::Contact && t.name == name), "{} was not tried", name);
                }
            }
            let mut longer = calls.clone();
            longer.push(more);
            prop_assert!(next(&contacts, &longer).rung() >= step.rung(), "one call more never asks for less");
            let mut other_order = calls.clone();
            other_order.reverse();
            prop_assert_eq!(next(&contacts, &other_order), step, "the order of the calls does not matter");
        }
    }
}
