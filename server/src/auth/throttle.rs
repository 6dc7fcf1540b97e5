//! Failed log-ins: counted by account name and by address, in trust.db, so that a restart forgives nothing.
//!
//! Must never: tell whether a name exists (names are counted as typed, known or not), or keep a name or an address in
//! plain text.

use crate::store::{StoreError, Trust};
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use shared::limits::{LOGIN_FAILURES, LOGIN_WAIT_S};
use shared::time::Millis;

/// A whole school may sit behind one address.
const ADDRESS_FAILURES: u32 = 30;
/// The longest wait.
const LONGEST_MS: i64 = 15 * 60 * 1000;
/// Failures older than this are forgotten.
const FORGET_MS: i64 = 60 * 60 * 1000;

/// What is counted in one log-in: the name as typed, and where it came from.
#[derive(Debug, Clone)]
pub struct Tries {
    account: String,
    address: String,
}

/// Whether a log-in may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Try. It counts as failed until [`passed`] says otherwise, so that tries at the same moment count too.
    Try,
    /// Wait this many seconds.
    Wait {
        /// Seconds.
        seconds: i64,
    },
}

impl Tries {
    /// Of a name as typed and an address.
    #[must_use]
    pub fn of(username: &str, address: &str) -> Self {
        Self { account: key("account", &username.trim().to_lowercase()), address: key("address", address) }
    }
}

fn key(kind: &str, value: &str) -> String {
    let digest = Sha256::digest(format!("{kind}\0{value}").as_bytes());
    format!("{kind}:{}", digest.iter().take(16).map(|b| format!("{b:02x}")).collect::<String>())
}

/// Takes a turn.
///
/// # Errors
/// When trust.db cannot be written.
pub async fn take(trust: &Trust, tries: &Tries, now: Millis) -> Result<Turn, StoreError> {
    let tries = tries.clone();
    trust.write(move |c| take_in(c, &tries, now)).await
}

/// The password was right: the account's failures are forgotten, and the address's turn is given back.
///
/// # Errors
/// When trust.db cannot be written.
pub async fn passed(trust: &Trust, tries: &Tries) -> Result<(), StoreError> {
    let tries = tries.clone();
    trust
        .write(move |c| {
            c.execute("DELETE FROM throttle WHERE key = ?1", [&tries.account])?;
            c.execute("UPDATE throttle SET failures = max(0, failures - 1) WHERE key = ?1", [&tries.address])?;
            Ok(())
        })
        .await
}

fn take_in(c: &Connection, tries: &Tries, now: Millis) -> Result<Turn, StoreError> {
    let both = [(&tries.account, LOGIN_FAILURES), (&tries.address, ADDRESS_FAILURES)];
    let mut counted = [0; 2];
    for (n, (key, allowed)) in both.iter().enumerate() {
        // `blocked_until` is when the next try is allowed; for a key that is not blocked, when it last failed.
        let row: Option<(u32, i64)> = c
            .query_row("SELECT failures, blocked_until FROM throttle WHERE key = ?1", [key], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })
            .optional()?;
        let Some((failures, until)) = row else { continue };
        // A clock that was set back must lock nobody out for longer than the longest wait.
        let wait = (until - now.0).min(LONGEST_MS);
        if wait > 0 && failures >= *allowed {
            return Ok(Turn::Wait { seconds: (wait + 999) / 1000 });
        }
        counted[n] = if now.0 - until > FORGET_MS { 0 } else { failures };
    }
    for ((key, allowed), failures) in both.into_iter().zip(counted) {
        let failures = failures + 1;
        let until = now.0 + wait_ms(failures, allowed);
        c.execute(
            "INSERT INTO throttle (key, failures, blocked_until) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until",
            params![key, failures, until],
        )?;
    }
    Ok(Turn::Try)
}

/// How long the next try must wait after this many failures: nothing at first, then 30 s, doubling up to 15 minutes.
fn wait_ms(failures: u32, allowed: u32) -> i64 {
    let Some(beyond) = failures.checked_sub(allowed) else { return 0 };
    (LOGIN_WAIT_S * 1000).saturating_mul(1_i64 << beyond.min(16)).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Connection {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(include_str!("../store/migrations/trust-0001.sql")).unwrap();
        c
    }

    #[test]
    fn five_tries_then_waits_that_double() {
        let c = table();
        let tries = Tries::of("J.Shah ", "10.0.0.9");
        let mut now = Millis(1_000_000);
        for _ in 0..LOGIN_FAILURES {
            assert_eq!(take_in(&c, &tries, now).unwrap(), Turn::Try);
        }
        assert_eq!(take_in(&c, &tries, now).unwrap(), Turn::Wait { seconds: 30 });
        let same_name = Tries::of("j.shah", "10.0.0.10");
        assert_eq!(take_in(&c, &same_name, now).unwrap(), Turn::Wait { seconds: 30 }, "by name, wherever from");
        now.0 += 30_000;
        assert_eq!(take_in(&c, &tries, now).unwrap(), Turn::Try);
        assert_eq!(take_in(&c, &tries, now).unwrap(), Turn::Wait { seconds: 60 });
    }

    #[test]
    fn one_address_cannot_try_every_name() {
        let c = table();
        let now = Millis(1_000_000);
        for n in 0..ADDRESS_FAILURES {
            assert_eq!(take_in(&c, &Tries::of(&format!("name{n}"), "10.0.0.9"), now).unwrap(), Turn::Try);
        }
        assert!(matches!(take_in(&c, &Tries::of("another", "10.0.0.9"), now).unwrap(), Turn::Wait { .. }));
        assert_eq!(take_in(&c, &Tries::of("another", "10.0.0.10"), now).unwrap(), Turn::Try);
    }

    #[test]
    fn waits_end_at_fifteen_minutes_and_old_failures_are_forgotten() {
        assert_eq!(wait_ms(4, 5), 0);
        assert_eq!(wait_ms(5, 5), 30_000);
        assert_eq!(wait_ms(60, 5), LONGEST_MS);
        let c = table();
        let tries = Tries::of("a", "b");
        for _ in 0..LOGIN_FAILURES {
            take_in(&c, &tries, Millis(0)).unwrap();
        }
        let later = Millis(30_000 + FORGET_MS + 1);
        assert_eq!(take_in(&c, &tries, later).unwrap(), Turn::Try);
        assert_eq!(take_in(&c, &tries, later).unwrap(), Turn::Try, "counting began anew");
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let c = table();
        let tries = Tries::of("a", "b");
        assert_eq!(take_in(&c, &tries, Millis(2_000_000)).unwrap(), Turn::Try);
        assert_eq!(take_in(&c, &tries, Millis(0)).unwrap(), Turn::Try, "one failure is no reason to wait");
        for _ in 0..3 {
            assert_eq!(take_in(&c, &tries, Millis(2_000_000)).unwrap(), Turn::Try);
        }
        assert_eq!(take_in(&c, &tries, Millis(0)).unwrap(), Turn::Wait { seconds: 900 });
    }

    #[test]
    fn nothing_typed_is_kept_in_plain_text() {
        let tries = Tries::of("j.shah", "10.0.0.9");
        assert!(!format!("{tries:?}").contains("shah") && !format!("{tries:?}").contains("10.0.0"));
    }
}
