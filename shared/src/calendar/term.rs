//! Terms and closures: on which dates a school has school.
//!
//! Must never: hold a time of day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Dates from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// First date.
    pub from: NaiveDate,
    /// Last date.
    pub until: NaiveDate,
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// As "Autumn term 2026".
    pub name: String,
    /// Its first and last day.
    pub dates: Span,
    /// The holiday in its middle, which divides it into two half terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_term: Option<Span>,
}

/// A part of a term between two holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfTerm {
    /// As "Autumn term 2026, first half"; the term's own name, if it is not divided.
    pub name: String,
    /// Its first and last day.
    pub dates: Span,
}

/// Whole days in a term without sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// Which days.
    pub dates: Span,
    /// What kind.
    pub kind: ClosureKind,
    /// Why, as "Early May bank holiday".
    pub why: String,
}

/// The kinds of day without sessions inside a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureKind {
    /// A planned closure (#): a bank holiday, a polling day.
    Planned,
    /// Staff training: the staff are in, the pupils are not.
    Inset,
    /// The holiday in the middle of a term.
    HalfTerm,
}

impl Span {
    /// Whether a date lies in it.
    #[must_use]
    pub fn holds(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.until
    }
    /// Its dates, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |date| *date <= self.until)
    }
}

impl Term {
    /// The term in its halves; one, if it is not divided.
    #[must_use]
    pub fn halves(&self) -> Vec<HalfTerm> {
        let Some(gap) = self.half_term else {
            return vec![HalfTerm { name: self.name.clone(), dates: self.dates }];
        };
        let part = |word: &str, from: Option<NaiveDate>, until: Option<NaiveDate>| {
            Some(HalfTerm { name: format!("{}, {word} half", self.name), dates: Span { from: from?, until: until? } })
        };
        [
            part("first", Some(self.dates.from), gap.from.pred_opt()),
            part("second", gap.until.succ_opt(), Some(self.dates.until)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
