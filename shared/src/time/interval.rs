//! When something happened, as far as is known: an interval of server time.
//!
//! Must never: be empty, or hold an estimate outside itself.

use super::Millis;
use serde::{Deserialize, Serialize};

/// From `earliest` to `latest`, both included. What comes from outside is normalised as by [`Interval::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, from = "Raw")]
pub struct Interval {
    /// Not before this.
    pub earliest: Millis,
    /// Not after this.
    pub latest: Millis,
    /// A guess inside the interval (a wall clock that nobody checked), or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Millis>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    earliest: Millis,
    latest: Millis,
    #[serde(default)]
    estimate: Option<Millis>,
}

impl From<Raw> for Interval {
    fn from(raw: Raw) -> Self {
        Self::new(raw.earliest, raw.latest).with_estimate(raw.estimate)
    }
}

impl Interval {
    /// One known instant.
    #[must_use]
    pub const fn exact(at: Millis) -> Self {
        Self { earliest: at, latest: at, estimate: None }
    }

    /// Between two instants, in whichever order they come; no estimate.
    #[must_use]
    pub const fn new(a: Millis, b: Millis) -> Self {
        if a.0 <= b.0 {
            Self { earliest: a, latest: b, estimate: None }
        } else {
            Self { earliest: b, latest: a, estimate: None }
        }
    }

    /// The same interval with this guess, if it lies inside; else without one.
    #[must_use]
    pub const fn with_estimate(self, guess: Option<Millis>) -> Self {
        let estimate = match guess {
            Some(at) if self.contains(at) => Some(at),
            _ => None,
        };
        Self { estimate, ..self }
    }

    /// Whether it can have been at this instant.
    #[must_use]
    pub const fn contains(&self, at: Millis) -> bool {
        self.earliest.0 <= at.0 && at.0 <= self.latest.0
    }

    /// Certainly before `limit` (an instant that is the limit is not before it).
    #[must_use]
    pub const fn before(&self, limit: Millis) -> bool {
        self.latest.0 < limit.0
    }

    /// Certainly at `limit` or after it.
    #[must_use]
    pub const fn after(&self, limit: Millis) -> bool {
        self.earliest.0 >= limit.0
    }

    /// Neither certainly before `limit` nor certainly at or after it: no decision can be made on it.
    #[must_use]
    pub const fn straddles(&self, limit: Millis) -> bool {
        !self.before(limit) && !self.after(limit)
    }

    /// What both allow; `None` when they exclude each other. Keeps an estimate that is inside (its own first).
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let earliest = self.earliest.max(other.earliest);
        let latest = self.latest.min(other.latest);
        (earliest <= latest).then(|| {
            let both = Self::new(earliest, latest);
            let own = both.with_estimate(self.estimate);
            if own.estimate.is_some() { own } else { both.with_estimate(other.estimate) }
        })
    }

    /// The smallest interval that holds both; no estimate.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self::new(self.earliest.min(other.earliest), self.latest.max(other.latest))
    }

    /// Milliseconds from `earliest` to `latest`; 0 for an exact instant.
    #[must_use]
    pub const fn width(&self) -> i64 {
        self.latest.since(self.earliest)
    }

    /// One instant to show: the estimate, or else the middle. For eyes and for order in a list, never for a decision.
    #[must_use]
    pub const fn best(&self) -> Millis {
        match self.estimate {
            Some(at) => at,
            None => self.earliest.plus(self.width() / 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: i64, b: i64) -> Interval {
        Interval::new(Millis(a), Millis(b))
    }

    #[test]
    fn is_normalised_and_never_holds_an_estimate_outside() {
        assert_eq!(of(9, 3), of(3, 9));
        assert_eq!(of(3, 9).with_estimate(Some(Millis(10))).estimate, None);
        assert_eq!(of(3, 9).with_estimate(Some(Millis(9))).estimate, Some(Millis(9)));
        let read: Interval = serde_json::from_str(r#"{"earliest":9,"latest":3,"estimate":77}"#).expect("shape");
        assert_eq!(read, of(3, 9));
    }

    #[test]
    fn a_limit_belongs_to_what_follows_it() {
        assert!(of(3, 9).before(Millis(10)));
        assert!(!of(3, 9).before(Millis(9)));
        assert!(of(3, 9).after(Millis(3)));
        assert!(of(3, 9).straddles(Millis(9)));
        assert!(of(3, 9).straddles(Millis(4)));
        assert!(!of(3, 9).straddles(Millis(3)));
        assert!(!Interval::exact(Millis(5)).straddles(Millis(5)));
    }

    #[test]
    fn meets_and_joins() {
        assert_eq!(of(1, 5).intersect(&of(5, 8)), Some(of(5, 5)));
        assert_eq!(of(1, 4).intersect(&of(5, 8)), None);
        assert_eq!(of(1, 4).hull(&of(6, 8)), of(1, 8));
        let guessed = of(1, 9).with_estimate(Some(Millis(2)));
        assert_eq!(guessed.intersect(&of(4, 9)).and_then(|i| i.estimate), None);
        assert_eq!(of(0, 20).intersect(&guessed).and_then(|i| i.estimate), Some(Millis(2)));
        assert_eq!(of(i64::MIN, i64::MAX).width(), i64::MAX);
    }
}
