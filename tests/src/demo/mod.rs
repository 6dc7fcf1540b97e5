//! The demo: a sample school, a server, fifteen kiosks, a school day, and a check that nothing was lost.
//!
//! Must never: use anything but the two real programs, their command lines and the office's pages.

pub mod check;
pub mod hands;
pub mod plan;
pub mod play;
pub mod run;
pub mod school;
pub mod seat;
pub mod summary;
pub mod taps;
