//! What the driver needs of the world: three requests beside each other, each ending in exactly one event, and a timer.
//!
//! Must never: decide when to ask, or ask twice.

use crate::store::Store;
use shared::wire::v1::{Hello, Pull, Push};

/// The network and the timer of one kiosk.
pub trait Wires {
    /// Sends a hello. It ends in `HelloAnswered` or `Failed`.
    fn hello(&mut self, hello: Hello);
    /// Sends a push. It ends in `Pushed` or `Failed`.
    fn push(&mut self, push: Push);
    /// Sends a pull. It ends in `Pulled` or `Failed`.
    fn pull(&mut self, pull: Pull);
    /// Says what the kiosk keeps of the school to a server that was restored, beside everything else, in as many requests
    /// as it takes; once at a time.
    fn witness(&mut self, store: &Store);
    /// Forgets the requests in flight: they end in nothing.
    fn abort(&mut self);
    /// Whether any request is in flight.
    fn any(&self) -> bool;
    /// Says `Woke` after so many milliseconds of the kiosk's clock. Replaces a timer that runs.
    fn wake_in(&mut self, ms: u64);
    /// Cuts the kiosk's own network, or mends it.
    fn network(&mut self, up: bool);
}
