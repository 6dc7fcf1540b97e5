//! In which order families are called: those who are most at risk first, then the youngest, then by history (P12).
//!
//! Must never: leave somebody without a place.

use chrono::NaiveDate;
use shared::call::Step;

/// What makes a child vulnerable, as the roster has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Looked after by the local authority.
    pub looked_after: bool,
    /// Has a social worker.
    pub social_worker: bool,
    /// Has an education, health and care plan.
    pub ehcp: bool,
    /// Has special educational needs.
    pub send: bool,
}

impl Needs {
    /// From 0, looked after, to 4, none of these.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self { looked_after: true, .. } => 0,
            Self { social_worker: true, .. } => 1,
            Self { ehcp: true, .. } => 2,
            Self { send: true, .. } => 3,
            Self { .. } => 4,
        }
    }
    /// In words, each that holds.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        [
            (self.looked_after, "Looked after"),
            (self.social_worker, "Social worker"),
            (self.ehcp, "EHC plan"),
            (self.send && !self.ehcp, "SEND"),
        ]
        .into_iter()
        .filter_map(|(holds, word)| holds.then_some(word))
        .collect()
    }
    /// Whether somebody outside the school must hear of an absence that nobody can explain.
    #[must_use]
    pub const fn has_social_worker(self) -> bool {
        self.looked_after || self.social_worker
    }
}

/// What a family's place depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The next step.
    pub step: Step,
    /// Whether every child has come in since.
    pub here: bool,
    /// Of the most vulnerable child.
    pub needs: u8,
    /// When the youngest was born, if it is known.
    pub born: Option<NaiveDate>,
    /// Sessions missed lately, of whoever missed most.
    pub missed: u32,
    /// Name, where nothing else decides.
    pub name: String,
}

impl Place {
    /// Sorts families: those with somebody to call, those who were reached and owe a reason, those whose children are in school
    /// after all, those for tomorrow; each by risk.
    #[must_use]
    pub fn key(&self) -> impl Ord + use<> {
        let group = match (self.here, self.step) {
            (true, _) => 2,
            (false, Step::Reason) => 1,
            (false, Step::Tomorrow) => 3,
            (false, _) => 0,
        };
        // The youngest has the latest birthday; of whom it is not known comes after those of whom it is.
        let age = (self.born.is_none(), std::cmp::Reverse(self.born));
        (group, self.needs, age, std::cmp::Reverse(self.missed), self.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> Place {
        let born = NaiveDate::from_ymd_opt(2018, 5, 5);
        Place { step: Step::Call(0), here: false, needs: 4, born, missed: 0, name: name.to_owned() }
    }

    #[test]
    fn most_at_risk_first_then_youngest_then_by_history() {
        let born = |y| NaiveDate::from_ymd_opt(y, 5, 5);
        let mut all = [
            place("b, as any"),
            place("a, as any"),
            Place { missed: 9, ..place("often away") },
            Place { born: born(2021), ..place("five years old") },
            Place { born: None, ..place("of no known age") },
            Place { needs: 3, born: born(2015), ..place("SEND") },
            Place { needs: 2, born: born(2015), ..place("EHC plan") },
            Place { needs: 1, born: born(2015), ..place("social worker") },
            Place { needs: 0, born: born(2015), ..place("looked after") },
            Place { needs: 0, step: Step::Reason, ..place("reached") },
            Place { needs: 0, step: Step::Tomorrow, ..place("tomorrow") },
            Place { needs: 0, here: true, ..place("came in") },
        ];
        all.sort_by_cached_key(Place::key);
        let names: Vec<&str> = all.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "looked after",
                "social worker",
                "EHC plan",
                "SEND",
                "five years old",
                "often away",
                "a, as any",
                "b, as any",
                "of no known age",
                "reached",
                "came in",
                "tomorrow"
            ]
        );
    }

    #[test]
    fn needs_in_words_and_the_highest_counts() {
        let needs = Needs { social_worker: true, ehcp: true, send: true, ..Needs::default() };
        assert_eq!((needs.rank(), needs.words()), (1, vec!["Social worker", "EHC plan"]));
        assert_eq!(Needs::default().rank(), 4);
        assert!(Needs { looked_after: true, ..Needs::default() }.has_social_worker());
    }
}
