//! A share as two integers, shown as a percentage with one decimal.
//!
//! Must never: exist for nothing of nothing; that is undefined, and shown as a dash.

use std::{cmp::Ordering, fmt};

/// So many of so many, the latter not 0. Compared as a fraction: 1 of 2 equals 2 of 4.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    part: u64,
    whole: u64,
}

impl Rate {
    /// None when `whole` is 0.
    #[must_use]
    pub const fn new(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 { None } else { Some(Self { part, whole }) }
    }
    /// The two integers.
    #[must_use]
    pub const fn of(self) -> (u64, u64) {
        (self.part, self.whole)
    }
    /// Tenths of a per cent, rounded half up: 941 is 94.1 %. For showing only.
    #[must_use]
    pub fn tenths(self) -> u128 {
        let (part, whole) = (u128::from(self.part), u128::from(self.whole));
        (2000 * part + whole) / (2 * whole)
    }
}

/// A rate as shown: "94.1%", or a dash when it is undefined.
#[must_use]
pub fn shown(rate: Option<Rate>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| rate.to_string())
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.tenths();
        f.pad(&format!("{}.{}%", tenths / 10, tenths % 10))
    }
}
impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |a: &Self, b: &Self| u128::from(a.part) * u128::from(b.whole);
        cross(self, other).cmp(&cross(other, self))
    }
}
impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Rate {}
