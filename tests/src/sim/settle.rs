//! After the faults stop: everything comes together within a bounded number of exchanges.
//!
//! Must never: help along but by mending what was broken.

use super::kiosk::event;
use super::net::Link;
use super::server::Ask;
use super::world::{Happening, World};
use kiosk::store::{feed, log};
use shared::sync::Event;
use shared::time::Mono;
use shared::wire::v1::{Pull, Pulled, Row};
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000;
/// Within so long of true time: a hello comes every fifteen minutes.
const PATIENCE: i64 = 50 * MINUTE;
/// Exchanges of one kiosk meanwhile, at most.
const EXCHANGES: u64 = 160;

impl World {
    /// No fault any more; machines that are off are switched on.
    pub fn calm_down(&mut self) {
        self.say(format_args!("calm"));
        self.calm = true;
        for n in 0..self.links.len() {
            self.links[n] = Link { base: 20, jitter: 60, ..Link::default() };
            self.armed[n] = None;
        }
        self.server_armed = None;
        if self.server.off_by != 0 || !self.server.synchronised {
            self.later(0, Happening::ClockRight);
        }
        if !self.server.is_up() {
            self.later(1, Happening::ServerOn(false));
        }
        for n in 0..self.kiosks.len() {
            let was_on = self.kiosks[n].life > 0;
            self.kiosks[n].disk.full(None);
            if was_on && self.kiosks[n].on.is_none() {
                self.later(1_000, Happening::PowerOn(n));
            }
        }
    }

    /// Waits until everything must have come together, and looks whether it has.
    pub fn come_together(&mut self) {
        let before = self.tally.exchanges;
        self.until(self.now + PATIENCE);
        if self.wrong.is_some() {
            return;
        }
        let running = self.kiosks.iter().filter(|k| k.on.is_some()).count() as u64;
        let spent = self.tally.exchanges - before;
        if spent > EXCHANGES * running.max(1) {
            return self.fail(format!("{spent} exchanges of {running} kiosks, and no end"));
        }
        for n in 0..self.kiosks.len() {
            if let Err(words) = self.is_level(n) {
                return self.fail(format!("kiosk {n}: {words}"));
            }
        }
    }

    /// Whether a kiosk and the server have told each other everything.
    fn is_level(&mut self, n: usize) -> Result<(), String> {
        let Some(on) = &mut self.kiosks[n].on else { return Ok(()) };
        let read = on.store(|tx| {
            let verified = log::verify(tx)?;
            Ok((log::current(tx)?, feed::state(tx)?, feed::all(tx)?, verified))
        });
        let (standing, state, rows, _) = read.map_err(|e| e.to_string())?;
        if standing.acked != standing.head.seq {
            return Err(format!("{} entries were never sent", standing.head.seq - standing.acked));
        }
        let Some(feed) = state.feed else { return Err("it follows no feed".to_owned()) };
        let whole = match self.whole_feed(n, feed)? {
            Some(whole) => whole,
            None if self.revoked.contains(&n) => return Ok(()),
            None => return Err("it may not read its feed".to_owned()),
        };
        let by_key = |rows: Vec<Row>| -> BTreeMap<String, String> {
            let body = |row: &Row| serde_json::to_string(&row.body).unwrap_or_default();
            rows.iter().filter(|r| r.body.is_some()).map(|r| (r.key.to_string(), body(r))).collect()
        };
        let (held, told) = (by_key(rows), by_key(whole));
        if held != told {
            let differs = |key: &&String| held.get(*key) != told.get(*key);
            let key = held.keys().chain(told.keys()).find(differs).cloned().unwrap_or_default();
            return Err(format!(
                "its feed is not the server's: {key} is {:?} here and {:?} there",
                held.get(&key),
                told.get(&key)
            ));
        }
        Ok(())
    }

    /// The feed from its beginning; none when it is refused.
    fn whole_feed(&self, n: usize, feed: shared::id::FeedId) -> Result<Option<Vec<Row>>, String> {
        let mut rows = Vec::new();
        let mut after = 0;
        loop {
            let ask = Ask::Pull(Pull { feed, after, limit: 1000, wait: 0, tail: None });
            match event(&ask, self.server.ask(&self.kiosks[n].token, &ask), Mono(0)) {
                Event::Pulled(Pulled::Page { rows: page, next, more, .. }) => {
                    rows.extend(page);
                    after = next;
                    if !more {
                        return Ok(Some(rows));
                    }
                }
                Event::Pulled(Pulled::Resnapshot { .. }) => return Err("it follows another feed".to_owned()),
                _ => return Ok(None),
            }
        }
    }
}
