//! What every request may reach: the stores, the clock, the server's pin.
//!
//! Must never: hold a connection, or anything of one request.

use crate::clock::Clock;
use crate::device::Tokens;
use crate::enrol::Rate;
use crate::store::Stores;
use crate::waiting::Waiting;
use shared::limits::ENROL_PER_MINUTE;
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
    /// Device tokens met since the start.
    pub tokens: Arc<Tokens>,
    /// How often an address may ask to be enrolled.
    pub enrol_rate: Arc<Rate>,
    /// Files that wait to be imported.
    pub waiting: Arc<Waiting>,
}

impl App {
    /// The state of a server over these stores. `stopping` turns true when it should end.
    #[must_use]
    pub fn new(stores: Arc<Stores>, pin: Hash, stopping: watch::Receiver<bool>) -> Self {
        let clock = stores.clock().clone();
        let enrol_rate = Arc::new(Rate::per_minute(ENROL_PER_MINUTE));
        Self { stores, clock, pin, stopping, tokens: Arc::default(), enrol_rate, waiting: Arc::default() }
    }
}
