//! What travels between a kiosk and the server. Each version of the protocol is a module of its own.
//!
//! Must never: change within a version, but for fields that old readers may ignore. Golden files hold every type.

mod check;
#[cfg(test)]
mod golden;
pub mod v1;

pub use check::check_word;
