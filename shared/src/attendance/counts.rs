//! How often each code stands, and the sums that follow: whose sessions they are is the caller's to say.
//!
//! A pupil's possible sessions run from admission to leaving, both included, on days when the school is open to that
//! pupil: count the marks of those sessions.
//!
//! Must never: name a code. How a code counts stands in the table of codes.

use super::Rate;
use crate::codes::{Class, Code};
use std::collections::BTreeMap;

/// Sessions by code. Sums are exact; counts of several pupils or schools may be merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Code, u64>);

impl Counts {
    /// One more session with this code.
    pub fn add(&mut self, code: Code) {
        self.add_many(code, 1);
    }
    /// So many more sessions with this code.
    pub fn add_many(&mut self, code: Code, sessions: u64) {
        if sessions > 0 {
            *self.0.entry(code).or_default() += sessions;
        }
    }
    /// All of another's sessions too.
    pub fn merge(&mut self, other: &Self) {
        for (code, sessions) in other.by_code() {
            self.add_many(code, sessions);
        }
    }
    /// Sessions with this code.
    #[must_use]
    pub fn of(&self, code: Code) -> u64 {
        self.0.get(&code).copied().unwrap_or(0)
    }
    /// The codes that stand at least once, with their sessions, in the table's order.
    pub fn by_code(&self) -> impl Iterator<Item = (Code, u64)> + '_ {
        self.0.iter().map(|(code, sessions)| (*code, *sessions))
    }
    fn sum(&self, which: impl Fn(Code) -> bool) -> u64 {
        self.by_code().filter(|(code, _)| which(*code)).map(|(_, sessions)| sessions).sum()
    }

    /// Marks of every kind, those that count in nothing too.
    #[must_use]
    pub fn marks(&self) -> u64 {
        self.sum(|_| true)
    }
    /// The denominator: attended and absent.
    #[must_use]
    pub fn possible(&self) -> u64 {
        self.sum(Code::is_possible)
    }
    /// In school or at an approved educational activity.
    #[must_use]
    pub fn attended(&self) -> u64 {
        self.sum(Code::is_present)
    }
    /// At an approved educational activity (K V P W B).
    #[must_use]
    pub fn educational(&self) -> u64 {
        self.sum(|code| code.class() == Class::Educational)
    }
    /// Authorised and unauthorised absence.
    #[must_use]
    pub fn absent(&self) -> u64 {
        self.sum(Code::is_absent)
    }
    /// Authorised absence.
    #[must_use]
    pub fn authorised(&self) -> u64 {
        self.sum(|code| code.class() == Class::Authorised)
    }
    /// Unauthorised absence.
    #[must_use]
    pub fn unauthorised(&self) -> u64 {
        self.sum(|code| code.class() == Class::Unauthorised)
    }
    /// Late: L, which is present, and U, which is absent.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.sum(Code::late)
    }

    /// Attended of possible; none when nothing was possible.
    #[must_use]
    pub fn attendance(&self) -> Option<Rate> {
        Rate::new(self.attended(), self.possible())
    }
    /// Absent of possible; none when nothing was possible.
    #[must_use]
    pub fn absence(&self) -> Option<Rate> {
        Rate::new(self.absent(), self.possible())
    }
    /// A tenth or more of the possible sessions missed (P20). Not when nothing was possible.
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.missed_one_in(10)
    }
    /// Half or more of the possible sessions missed (P20). Not when nothing was possible.
    #[must_use]
    pub fn is_severe(&self) -> bool {
        self.missed_one_in(2)
    }
    fn missed_one_in(&self, times: u64) -> bool {
        let possible = self.possible();
        possible > 0 && u128::from(self.absent()) * u128::from(times) >= u128::from(possible)
    }
}

impl Extend<Code> for Counts {
    fn extend<I: IntoIterator<Item = Code>>(&mut self, codes: I) {
        codes.into_iter().for_each(|code| self.add(code));
    }
}
impl FromIterator<Code> for Counts {
    fn from_iter<I: IntoIterator<Item = Code>>(codes: I) -> Self {
        let mut counts = Self::default();
        counts.extend(codes);
        counts
    }
}
