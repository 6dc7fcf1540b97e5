//! A school's calendar: terms, closures, and the times of its sessions, each with its dates of force.
//!
//! Must never: know a time zone outside [`zone`].

mod session;
pub use session::{Half, SessionKey};
