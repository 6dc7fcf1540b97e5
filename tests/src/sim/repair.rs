//! What IT does to machines: copies and restores cards and the server, makes room, revokes.
//!
//! Must never: forget what went with a replaced card: the oracle must not ask for it.

use super::fact::all;
use super::kiosk::{Kiosk, identity};
use super::places::{mount, size};
use super::world::{Happening, World};
use crate::forget::Image;
use server::device;
use shared::observation::Observed;
use std::collections::BTreeSet;

impl World {
    /// A consistent copy of the server's files: what a verified backup holds.
    pub fn server_image(&mut self) -> Image {
        // As a backup does once the copy is verified: kiosks may forget what is in it, after thirty days.
        let noted = self.server.write(|tx| Ok(tx.execute("UPDATE log SET durable_seq = head_seq", [])?));
        if let Err(error) = noted {
            self.fail(format!("the backup was not noted: {error}"));
        }
        self.server.disk.snapshot()
    }

    /// The server's files are put back as they were copied, and kiosks are to take a new snapshot, as a backup sees to.
    pub fn restore_server(&mut self) {
        let Some(image) = self.backup.clone() else { return };
        self.server.kill(false);
        self.parked.clear();
        self.server.disk.restore(&image);
        if let Err(error) = self.server.start(self.now, false) {
            return self.fail(format!("the restored server does not start: {error}"));
        }
        let renewed = self.server.write(|tx| {
            let kiosks: Vec<[u8; 16]> = tx
                .prepare("SELECT id FROM kiosk ORDER BY id")?
                .query_map([], |r| r.get(0))?
                .collect::<Result<_, _>>()?;
            for kiosk in kiosks {
                let feed: [u8; 16] = server::secret::random()?;
                tx.execute("UPDATE kiosk SET feed = ?2 WHERE id = ?1", rusqlite::params![kiosk, feed])?;
            }
            Ok(())
        });
        if let Err(error) = renewed {
            return self.fail(format!("the restored server takes no new feed: {error}"));
        }
        if let Err(words) = self.judge.restored(&self.server) {
            return self.fail(words);
        }
        self.restored = true;
        self.revoked.clear();
        self.seen_changes = 0;
        self.say(format_args!("server restored"));
        self.mourn();
        self.later(0, Happening::Jobs);
        self.find_the_revoked();
    }

    fn find_the_revoked(&mut self) {
        let revoked = self.server.school().read_now(|tx| {
            let mut rows = tx.prepare("SELECT id FROM kiosk WHERE revoked_at IS NOT NULL")?;
            let rows = rows.query_map([], |r| r.get::<_, [u8; 16]>(0))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        for id in revoked.unwrap_or_default() {
            self.revoked.extend((0..self.ids.len()).filter(|k| *self.ids[*k].as_bytes() == id));
        }
    }

    /// Every fact that stands anywhere in the server's file.
    fn stands(&self) -> BTreeSet<String> {
        if !self.server.is_up() {
            return BTreeSet::new();
        }
        all(self, &self.server).map(|facts| facts.into_iter().map(|f| f.identity).collect()).unwrap_or_default()
    }

    /// The copy is put into the kiosk in place of its card.
    pub fn restore_card(&mut self, n: usize) {
        let Some((_, image)) = self.old_card.clone() else { return };
        self.armed[n] = None;
        if self.kiosks[n].on.is_some() {
            self.crash(n, true);
        }
        self.kiosks[n].disk.restore(&image);
        self.replaced.insert(n);
        self.say(format_args!("k{n} card put back"));
        self.mourn();
    }

    /// What only a replaced card held is lost: nobody promised it. What the server had taken is not, unless the server was
    /// restored at the same time.
    fn mourn(&mut self) {
        let there = self.stands();
        let mut kept = BTreeSet::new();
        for n in self.replaced.clone() {
            kept.extend(self.on_card(n));
        }
        let gone: Vec<String> = self
            .judge
            .confirmed
            .iter()
            .filter(|(fact, kiosk)| self.replaced.contains(kiosk) && !there.contains(*fact) && !kept.contains(*fact))
            .map(|(fact, _)| fact.clone())
            .collect();
        for fact in gone {
            if self.judge.lost.insert(fact) {
                self.tally.lost += 1;
            }
        }
    }

    /// The facts on a kiosk's card.
    fn on_card(&mut self, n: usize) -> Vec<String> {
        let folder = self.kiosks[n].disk.folder().to_owned();
        let read = |c: &rusqlite::Connection| -> rusqlite::Result<Vec<String>> {
            let mut bodies = c.prepare("SELECT body FROM entry")?;
            let bodies = bodies.query_map([], |r| r.get::<_, String>(0))?;
            Ok(bodies
                .flatten()
                .filter_map(|b| serde_json::from_str::<Observed>(&b).ok())
                .map(|f| identity(&f))
                .collect())
        };
        match &mut self.kiosks[n].on {
            Some(on) => on.store(move |tx| Ok(read(tx)?)).unwrap_or_default(),
            None => {
                // Looking makes files beside the store; the card is put back as it was.
                let image = self.kiosks[n].disk.snapshot();
                let found = kiosk::store::look(&folder).ok().and_then(|c| read(&c).ok()).unwrap_or_default();
                self.kiosks[n].disk.restore(&image);
                found
            }
        }
    }

    /// A second machine is switched on with a copy of a kiosk's card, and somebody takes a register on it.
    pub fn clone_kiosk(&mut self, of: usize) {
        let image = self.kiosks[of].disk.snapshot();
        let n = self.kiosks.len();
        let disk = mount(&self.place.folder(&format!("kiosk-{n}")), self.rng.u64(..));
        disk.restore(&image);
        let ppm = self.rng.i64(-45..45);
        self.kiosks.push(Kiosk::new(disk, ppm));
        self.ids.push(self.ids[of]);
        self.links.push(self.links[of]);
        self.armed.push(None);
        self.timers.push(0);
        if self.revoked.contains(&of) {
            self.revoked.insert(n);
        }
        self.later(20_000, Happening::PowerOn(n));
        let session = self.school.calendar.at_hand(shared::time::Millis(self.now));
        let sitting = self.sittings.iter().find(|s| s.kiosk == of).cloned();
        if let (Some(session), Some(mut sitting)) = (session, sitting) {
            sitting.session = session;
            sitting.kiosk = n;
            sitting.patience = 60;
            self.later(60_000, Happening::Teacher(self.sittings.len()));
            self.sittings.push(sitting);
        }
    }

    /// The office revokes a kiosk.
    pub fn revoke(&mut self, n: usize) {
        let (stores, school, now) = (self.server.stores().clone(), self.server.school().id(), self.server.now());
        match device::revoke_now(&stores, school, self.ids[n], &super::server::officer(), now) {
            Ok(()) => {
                let id = self.ids[n];
                self.revoked.extend((0..self.ids.len()).filter(|k| self.ids[*k] == id));
                self.news();
            }
            Err(error) => self.fail(format!("kiosk {n} cannot be revoked: {error}")),
        }
    }

    /// The kiosk's disk has room for a few more pages only.
    pub fn fill(&mut self, n: usize, pages: u32) {
        let used = size(&self.kiosks[n].disk.snapshot());
        self.kiosks[n].disk.full(Some(used + u64::from(pages) * 4096));
    }

    /// There is room again.
    pub fn room(&mut self, n: usize) {
        self.kiosks[n].disk.full(None);
    }
}
