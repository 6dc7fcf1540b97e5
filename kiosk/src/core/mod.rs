//! The kiosk's behaviour without its edges: messages in, effects and a screen out.
//!
//! Must never: import Slint, read a clock, touch a disk, a network or a random number.

mod book;
mod calling;
mod day;
pub mod effect;
mod errand;
mod glow;
mod ledger;
mod look;
mod model;
pub mod msg;
mod panel;
mod picture;
mod reception;
mod register;
mod rest;
mod roll_call;
pub mod roll_screen;
pub mod screen;
mod screen_classroom;
mod sign_on;
mod update;
mod view;
mod view_classroom;
mod view_errand;
mod view_panel;
mod view_reception;
mod view_register;
mod view_roll_call;
pub(crate) mod words;

pub use effect::{Beep, Draft, Effect};
pub use glow::{Glow, glow};
pub use look::{Look, OwnLook, look};
pub use model::Model;
pub use msg::{CardNumber, Msg, Pin, Recalled, SyncStatus, Ticket, WhyNotSaved};
pub use screen::Screen;
pub use update::update;
pub use view::view;

/// Seconds that an answer at reception stands, from the moment it is saved.
pub const DONE_SECONDS: u32 = 6;
