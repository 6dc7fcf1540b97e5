//! What reaches the hub's thread, and what it shows.
//!
//! Must never: hold what only one of the threads may touch.

use super::State;
use super::recall::Memory;
use crate::core::{Beep, Look, Msg, Screen, SyncStatus, Ticket, WhyNotSaved};
use crate::store::StoreError;
use crate::sync::{Order, Told};
use shared::log::{Head, Origin};
use shared::observation::Observed;
use std::sync::mpsc::Sender;

/// Into the hub.
pub enum In {
    /// Something happened, for the core.
    Msg(Msg),
    /// An append has ended.
    Appended {
        /// Which.
        ticket: Ticket,
        /// What was written and where, and the log's end; or why not.
        done: Result<Written, StoreError>,
    },
    /// From the exchange.
    Told(Told),
    /// The log was begun anew and read again.
    Recounted(Result<Box<Memory>, StoreError>),
    /// The card reader does not answer, or does again.
    Reader {
        /// It does not.
        missing: bool,
    },
    /// For the exchange.
    Order(Order),
    /// How does it stand?
    Probe(Sender<State>),
    /// That is all.
    Stop,
}

/// Facts that are on disk.
pub struct Written {
    /// The facts with their places.
    pub facts: Vec<(Origin, Observed)>,
    /// The end of the log.
    pub head: Head,
}

/// What a front end is told besides the screen.
#[derive(Debug, Clone)]
pub enum Heard {
    /// These facts are on disk: said after COMMIT, in order.
    Saved(Vec<(Origin, Observed)>),
    /// An append did not reach the disk.
    NotSaved(WhyNotSaved),
    /// The file is damaged. The program must end and start again: a start sets the file aside and keeps what it can.
    Damaged,
    /// How sending stands.
    Sync(SyncStatus),
    /// The office has switched this kiosk off.
    Revoked,
    /// A sound, for a kiosk that makes any.
    Beep(Beep),
}

/// The ear for screens.
type OnScreen = Box<dyn FnMut(&Screen, Look) + Send>;

/// The front end's two ears. Both are called on the hub's thread, and must be short.
pub struct Front {
    /// The screen has changed, or how it is dressed.
    pub on_screen: OnScreen,
    /// Something was heard.
    pub on_heard: Box<dyn FnMut(Heard) + Send>,
}

impl Front {
    /// One that looks away.
    #[must_use]
    pub fn none() -> Self {
        Self { on_screen: Box::new(|_, _| {}), on_heard: Box::new(|_| {}) }
    }
}
