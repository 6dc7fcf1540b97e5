//! Attendance counted: the statutory sums, the percentage, persistent and severe absence, the penalty threshold.
//!
//! Must never: use a floating point number, or decide anything by a rounded percentage.

mod counts;
mod penalty;
mod rate;
#[cfg(test)]
mod tests;

pub use counts::Counts;
pub use penalty::{Penalty, WeekCount, Window, penalty, week_counts};
pub use rate::{Rate, shown};
