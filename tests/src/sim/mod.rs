//! The simulator: a school of kiosks and its server in one thread, in which one seed decides everything that happens:
//! clocks, network, power, disks, teachers, pupils and office. An oracle saw every tap in true time.
//!
//! The kiosks are the real hub, engine, driver and SQLite store, moved by hand; the server is the real router over real
//! files, without a thread of its own. Only what surrounds them is made up.
//!
//! Must never: judge what happened by asking the code that decided it.

mod day;
mod fact;
mod faults;
mod judge;
mod kiosk;
mod machines;
mod marks;
mod net;
mod people;
mod places;
pub mod recorded;
mod repair;
mod run;
mod school;
mod server;
mod settle;
pub mod soak;
mod spoil;
mod standing;
mod trace;
mod world;

pub use faults::Fault;
pub use run::{Outcome, Tally, play, play_with, record};
