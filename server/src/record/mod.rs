//! The record: from bodies of logs to facts, from facts to marks, all in the transaction that appends them.
//!
//! Must never: decide by itself. `shared::register::decide` does; this gathers what it needs and writes what it says.

mod acts;
mod ahead;
mod anew;
mod append;
mod context;
mod dated;
mod door;
mod file;
mod gather;
mod held;
mod leave;
mod pending;
mod pupil;
mod put;
mod redecide;
mod returned;
mod roll;
mod sitting;
mod timeline;
mod witness;

pub use acts::{Heads, act, acts, heads, seen, seen_upto};
pub(crate) use acts::{own_head, own_log};
pub(crate) use anew::anew;
pub(crate) use append::log_of;
pub use append::{Appended, append};
pub use dated::{Dated, dated, taken};
pub use returned::{Returned, hash_at, take_back};
pub use roll::{class_in, class_of, on_roll};
pub use witness::witness;
pub(crate) use witness::{digest, each, of_entry};

#[cfg(test)]
mod classroom_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod time_tests;
