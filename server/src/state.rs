//! What every request may reach: the stores, the clock, the server's pin.
//!
//! Must never: hold a connection, or anything of one request.

use crate::clock::Clock;
use crate::store::Stores;
use shared::log::Hash;
use std::sync::Arc;
use tokio::sync::watch;

/// The state of the router.
#[derive(Clone)]
pub struct App {
    /// The data folder.
    pub stores: Arc<Stores>,
    /// The clock.
    pub clock: Clock,
    /// sha256 of the server's public key, which kiosks pin.
    pub pin: Hash,
    /// True once the server is stopping: long polls and live pages end.
    pub stopping: watch::Receiver<bool>,
}
