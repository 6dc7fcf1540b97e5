//! How often one address may knock at a door where nobody is known yet.
//!
//! Must never: grow without bound: addresses that have been quiet for a minute are forgotten.

use shared::time::Millis;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const WINDOW_MS: i64 = 60_000;
const ADDRESSES: usize = 4_096;

/// Requests of the last minute by address.
pub struct Rate {
    limit: u32,
    seen: Mutex<HashMap<IpAddr, (Millis, u32)>>,
}

impl Rate {
    /// At most `limit` a minute and address.
    #[must_use]
    pub fn per_minute(limit: u32) -> Self {
        Self { limit, seen: Mutex::default() }
    }

    /// Counts a request; false: too many.
    #[must_use]
    pub fn admits(&self, from: IpAddr, now: Millis) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |since: Millis| (0..WINDOW_MS).contains(&now.since(since));
        if seen.len() >= ADDRESSES {
            seen.retain(|_, (since, _)| fresh(*since));
            if seen.len() >= ADDRESSES && !seen.contains_key(&from) {
                return false;
            }
        }
        let entry = seen.entry(from).or_insert((now, 0));
        if !fresh(entry.0) {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
        entry.1 <= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_a_minute_and_others_do_not() {
        let rate = Rate::per_minute(2);
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert!(rate.admits(one, Millis(0)) && rate.admits(one, Millis(1)));
        assert!(!rate.admits(one, Millis(2)));
        assert!(rate.admits(other, Millis(2)));
        assert!(rate.admits(one, Millis(WINDOW_MS)));
    }
}
