//! Trusted time: what a kiosk read, what the server tied it to, and the interval in which it must have been.
//!
//! Must never: take a wall clock for the truth. The domain sees [`Interval`]s only.

mod anchor;
mod interval;
mod reading;

pub use anchor::{Anchor, DRIFT_PPM};
pub use interval::Interval;
pub use reading::{Millis, Mono, Reading};
