//! The thread that owns the core's model: messages come in, effects go out to the disk, the PIN checker and the exchange,
//! and the screen is shown when it has changed.
//!
//! Must never: wait for the disk, the network or a hash. The window's thread only sends messages here.

#[cfg(feature = "sim")]
pub mod by_hand;
mod hear;
mod inbox;
mod live;
mod recall;
mod run;

pub use inbox::{Front, Heard};
pub use live::{Impatient, State};

use crate::clock::Clock;
use crate::core::Msg;
use crate::enrol::Door;
use crate::store::{Store, StoreError};
use crate::sync::Order;
use inbox::In;
use live::Live;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The running kiosk. Dropping it ends it: everything that was asked of the disk is on it afterwards.
pub struct Hub {
    handle: HubHandle,
    thread: Option<JoinHandle<()>>,
}

/// Speaks to the hub. Cheap to copy, never blocks but where it says so.
#[derive(Clone)]
pub struct HubHandle {
    inbox: Sender<In>,
    live: Arc<Live>,
}

/// Why there is no hub.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused a thread.
    #[error("the system refused a thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl Hub {
    /// Starts the kiosk on its store. Without an enrolment, it asks at the door for one.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn start(store: Store, clock: Clock, door: Option<Door>, front: Front) -> Result<Self, HubError> {
        let (inbox, work) = channel();
        let live = Arc::new(Live::default());
        let handle = HubHandle { inbox, live: live.clone() };
        let mut hub = run::Run::new(store, clock, door, front, live, handle.inbox.clone())?;
        let thread = std::thread::Builder::new().name("hub".into()).spawn(move || {
            if let Err(error) = hub.begin() {
                tracing::error!(%error, "what the kiosk holds cannot be read");
            }
            hub.run(&work);
        })?;
        Ok(Self { handle, thread: Some(thread) })
    }

    /// To speak to it from elsewhere.
    #[must_use]
    pub fn handle(&self) -> HubHandle {
        self.handle.clone()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // A hub that has ended already does not hear this.
        let _ = self.handle.inbox.send(In::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl HubHandle {
    /// Something happened.
    pub fn send(&self, msg: Msg) {
        let _ = self.inbox.send(In::Msg(msg));
    }

    /// The card reader does not answer, or does again.
    pub fn reader(&self, missing: bool) {
        let _ = self.inbox.send(In::Reader { missing });
    }

    /// Whether the hub has ended.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.live.get().gone
    }

    /// Waits until the hub has ended, at most so long; true if it has. Blocks; not for the window.
    pub fn wait_gone(&self, patience: Duration) -> bool {
        self.live.wait(patience, |state| state.gone).is_ok()
    }

    /// Cuts the kiosk's own network, or mends it.
    pub fn network(&self, up: bool) {
        let _ = self.inbox.send(In::Order(Order::Network(up)));
    }

    /// Waits until everything sent before has been handled, and answers how the kiosk stands. Blocks; not for the window.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        let (tell, told) = channel();
        self.inbox.send(In::Probe(tell)).ok()?;
        told.recv().ok()
    }

    /// Waits until everything sent before has been handled and then until `what` holds. Blocks; not for the window.
    ///
    /// # Errors
    /// [`Impatient`] with the state as it stands after `patience`.
    pub fn wait(&self, patience: Duration, what: impl Fn(&State) -> bool) -> Result<State, Impatient> {
        match self.state() {
            Some(state) if what(&state) => Ok(state),
            Some(_) => self.live.wait(patience, what),
            None => Err(Impatient::Gone),
        }
    }
}

#[cfg(test)]
mod tests;
