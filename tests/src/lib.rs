//! What the demo, the benchmarks and the tests over more than one crate have in common: real processes, the office's
//! pages as a person would use them, a school day.
//!
//! Must never: be needed by the server or a kiosk.
#![allow(clippy::disallowed_methods)] // this crate drives real processes in real time

#[cfg(feature = "bench")]
pub mod bench;
pub mod browser;
pub mod cable;
pub mod clock;
pub mod demo;
pub mod desk;
pub mod forget;
pub mod image;
pub mod office;
pub mod process;
#[cfg(feature = "sim")]
pub mod sim;
pub mod small;
pub mod volume;
