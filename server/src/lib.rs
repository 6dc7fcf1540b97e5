//! Rollbook's server: holds each school's register, closes it on time and shows the office who is here.

pub mod clock;
pub mod state;
pub mod store;
