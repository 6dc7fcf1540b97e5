//! The kiosk's behaviour without its edges: messages in, effects and a screen out.
//!
//! Must never: import Slint, read a clock, touch a disk, a network or a random number.

pub mod effect;
pub mod msg;
pub mod screen;

pub use effect::{Beep, Draft, Effect};
pub use msg::{CardNumber, Msg, Pin, Recalled, SyncStatus, Ticket, WhyNotSaved};
pub use screen::Screen;
