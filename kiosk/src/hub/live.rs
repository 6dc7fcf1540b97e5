//! How the kiosk stands, for whoever has to wait for something: the script, tests, benchmarks.
//!
//! Must never: be waited for by the hub or the window.

use crate::core::Screen;
use shared::wire::v1::Mode;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How the kiosk stands.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Appends and PIN checks that have not ended.
    pub outstanding: usize,
    /// Entries of the log that the server does not have, technical ones included.
    pub unsent: u64,
    /// Whether the last exchange with the server went well.
    pub connected: bool,
    /// Requests that came to nothing since the start.
    pub unanswered: u64,
    /// Whether this boot has met the server.
    pub trusted: bool,
    /// What the kiosk is for, once its settings have arrived.
    pub mode: Option<Mode>,
    /// Whether its roster has ever been whole.
    pub whole: bool,
    /// Rows of the feed that it was told.
    pub rows: usize,
    /// Whether it has a school.
    pub enrolled: bool,
    /// Whether the office has switched it off.
    pub revoked: bool,
    /// What stands on its screen.
    pub screen: Option<Screen>,
    /// The hub has ended.
    pub gone: bool,
}

impl State {
    /// Nothing is on its way inside the kiosk.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.outstanding == 0
    }
    /// And the server has everything.
    #[must_use]
    pub const fn is_synced(&self) -> bool {
        self.outstanding == 0 && self.connected && self.unsent == 0
    }
}

/// What was waited for did not come.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Impatient {
    /// In time.
    #[error("it did not come to that in time")]
    Late(Box<State>),
    /// The hub has ended.
    #[error("the kiosk has ended")]
    Gone,
}

/// The state behind a lock, with a bell.
#[derive(Debug, Default)]
pub struct Live {
    state: Mutex<State>,
    bell: Condvar,
}

impl Live {
    /// Changes it and rings.
    pub fn set(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.bell.notify_all();
    }
    /// As it stands.
    pub fn get(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Waits until `what` holds.
    pub fn wait(&self, patience: Duration, what: impl Fn(&State) -> bool) -> Result<State, Impatient> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, out) = self
            .bell
            .wait_timeout_while(state, patience, |state| !state.gone && !what(state))
            .unwrap_or_else(PoisonError::into_inner);
        if what(&state) {
            Ok(state.clone())
        } else if out.timed_out() {
            Err(Impatient::Late(Box::new(state.clone())))
        } else {
            Err(Impatient::Gone)
        }
    }
}
