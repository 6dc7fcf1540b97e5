//! Rollbook's pure core: what a register is, how a tap becomes a mark, how logs travel, what time it was.
//!
//! Nothing here reads a clock, a file, a socket or a random number: `now`, salts and ids are arguments.

pub mod act;
pub mod age;
pub mod attendance;
pub mod calendar;
pub mod call;
pub mod codes;
pub mod id;
pub mod kept;
pub mod leave;
pub mod limits;
pub mod log;
pub mod observation;
pub mod pupil;
pub mod register;
pub mod roll_call;
pub mod sim;
pub mod sync;
pub mod text;
pub mod time;
pub mod upn;
pub mod wire;
