//! Log-ins: what is open under an account, and ending it.
//!
//! Must never: keep where somebody logged in from, beyond the kind of browser.

use super::session::IDLE;
use crate::store::StoreError;
use rusqlite::{Connection, params};
use shared::time::Millis;

/// One that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its number.
    pub id: i64,
    /// "Firefox on Windows"
    pub browser: String,
    /// When it began.
    pub begun: Millis,
    /// When it was used last, give or take five minutes.
    pub seen: Millis,
}

/// Notes a new one. Returns its number.
///
/// # Errors
/// When trust.db cannot be written.
pub fn begin(c: &Connection, account: i64, agent: &str, now: Millis) -> Result<i64, StoreError> {
    c.execute(
        "INSERT INTO login(account, browser, begun_at, seen_at) VALUES (?1, ?2, ?3, ?3)",
        params![account, browser(agent), now.0],
    )?;
    Ok(c.last_insert_rowid())
}

/// It was used.
///
/// # Errors
/// When trust.db cannot be written.
pub fn seen(c: &Connection, login: i64, now: Millis) -> Result<(), StoreError> {
    c.execute("UPDATE login SET seen_at = ?2 WHERE id = ?1", params![login, now.0])?;
    Ok(())
}

/// Those of an account that are open, the latest first.
///
/// # Errors
/// When trust.db cannot be read.
pub fn open(c: &Connection, account: i64, now: Millis) -> Result<Vec<Login>, StoreError> {
    let lapsed = i64::try_from(IDLE.whole_milliseconds()).unwrap_or(i64::MAX);
    let mut found = c.prepare_cached(
        "SELECT id, browser, begun_at, seen_at FROM login WHERE account = ?1 AND ended_at IS NULL AND seen_at > ?2
         ORDER BY seen_at DESC, id DESC",
    )?;
    let rows = found.query_map(params![account, now.0.saturating_sub(lapsed)], |r| {
        Ok(Login { id: r.get(0)?, browser: r.get(1)?, begun: Millis(r.get(2)?), seen: Millis(r.get(3)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ends one of an account. Of another account it ends none.
///
/// # Errors
/// When trust.db cannot be written.
pub fn end(c: &Connection, account: i64, login: i64, now: Millis) -> Result<bool, StoreError> {
    let one = "UPDATE login SET ended_at = ?3 WHERE id = ?2 AND account = ?1 AND ended_at IS NULL";
    Ok(c.execute(one, params![account, login, now.0])? == 1)
}

/// Ends all of an account, except one.
///
/// # Errors
/// When trust.db cannot be written.
pub fn end_all(c: &Connection, account: i64, except: Option<i64>, now: Millis) -> Result<usize, StoreError> {
    let all = "UPDATE login SET ended_at = ?3 WHERE account = ?1 AND id IS NOT ?2 AND ended_at IS NULL";
    Ok(c.execute(all, params![account, except, now.0])?)
}

/// "Firefox on Windows", as far as the browser's own word goes.
fn browser(agent: &str) -> String {
    let first = |words: &[(&str, &'static str)], or: &'static str| {
        words.iter().find(|(part, _)| agent.contains(part)).map_or(or, |(_, name)| *name)
    };
    let program = first(
        &[("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari")],
        "A browser",
    );
    let system = first(
        &[
            ("Windows", "Windows"),
            ("iPhone", "an iPhone"),
            ("iPad", "an iPad"),
            ("Android", "Android"),
            ("CrOS", "a Chromebook"),
            ("Mac OS", "a Mac"),
            ("Linux", "Linux"),
        ],
        "",
    );
    if system.is_empty() { program.to_owned() } else { format!("{program} on {system}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_said_in_three_words() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0";
        let pad = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";
        assert_eq!((browser(edge).as_str(), browser(pad).as_str()), ("Edge on Windows", "Safari on an iPad"));
        assert_eq!(browser(""), "A browser");
    }
}
