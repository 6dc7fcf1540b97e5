//! Trusted time: what a kiosk read, what the server tied it to, and the interval in which it must have been.
//!
//! Must never: take a wall clock for the truth. The domain sees [`Interval`]s only. See docs/TIME.md.

mod anchor;
mod hands;
mod interval;
mod reading;
mod resolve;
mod simulated;
mod steady;
mod timeline;

#[cfg(test)]
mod tests;

pub use anchor::{Anchor, DRIFT_PPM, GRAIN_MS, drift};
pub use hands::{Hands, NoHands};
pub use interval::Interval;
pub use reading::{Millis, Mono, Reading};
pub use resolve::resolve;
pub use simulated::{NotAClock, Simulated};
pub use steady::{STEP_MS, Steady, Step};
pub use timeline::{BEGINNING, Boot, Timeline};
