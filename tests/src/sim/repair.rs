//! What IT does to machines: copies and restores cards and the server, makes room, revokes.
//!
//! Must never: forget what went with a replaced card: the oracle must not ask for it.

use super::day::MINUTE;
use super::fact::all;
use super::faults::Fault;
use super::kiosk::{Kiosk, identity};
use super::places::{mount, read, size, template};
use super::world::{Happening, World};
use server::{backup, device, recovery, restore};
use shared::id::LogId;
use shared::observation::Observed;
use std::collections::BTreeSet;

impl World {
    /// A backup into a second place, made and verified by the program that does it, while it serves.
    pub fn back_up(&mut self) {
        if self.backed_up == self.now / 1000 {
            return self.tally.skip("a second backup in one second");
        }
        self.backed_up = self.now / 1000;
        let into = self.place.folder("second-place");
        let made = std::fs::create_dir_all(&into)
            .map_err(|e| e.to_string())
            .and_then(|()| backup::make(self.server.stores(), &into).map_err(|e| e.to_string()))
            .and_then(|made| made.note(true).map(|()| made.folder).map_err(|e| e.to_string()));
        if self.server.disk.is_dark() {
            return self.kill_server(true); // what is not noted is not counted on
        }
        match made {
            Ok(folder) => self.backup = Some(folder),
            Err(words) => self.fail(format!("no backup: {words}")),
        }
    }

    /// The server is restored onto an empty machine, from its newest backup and the paper with the key.
    pub fn restore_server(&mut self) {
        let Some(folder) = self.backup.clone() else { return };
        self.what_kiosks_carry();
        self.server.kill(false);
        self.parked.clear();
        let into = self.place.folder(&format!("restored-{}", self.tally.events));
        let restored = recovery::Key::read(&template().paper).and_then(|key| {
            let asked = restore::Asked { folder: &folder, into: &into, key: Some(&key), by: &super::server::officer() };
            restore::restore(&asked, self.server.clock())
        });
        let image = match restored
            .map_err(|e| e.to_string())
            .and_then(|_| read(&into, self.server.disk.folder()).map_err(|e| e.to_string()))
        {
            Ok(image) => image,
            Err(words) => return self.fail(format!("the server cannot be restored: {words}")),
        };
        self.server.disk.restore(&image);
        if let Err(error) = self.server.start(self.now, false) {
            return self.fail(format!("the restored server does not start: {error}"));
        }
        if let Err(words) = self.judge.restored(&self.server) {
            return self.fail(words);
        }
        self.restored = true;
        self.seen_changes = 0;
        self.say(format_args!("server restored"));
        self.mourn();
        self.only_copies_gone();
        self.later(0, Happening::Jobs);
        self.find_the_revoked();
    }

    /// What each kiosk carries of the school's own log, which the restored server must have back in the end.
    fn what_kiosks_carry(&mut self) {
        self.carried.clear(); // of a restore before: what did not come back by now comes back no more
        let own = self.server.school().read_now(|tx| {
            let sql = "SELECT log FROM log WHERE kiosk IS NULL AND sealed_at IS NULL";
            Ok(tx.query_row(sql, [], |r| r.get::<_, [u8; 16]>(0))?)
        });
        let Ok(own) = own else { return };
        for (n, kiosk) in self.kiosks.iter_mut().enumerate() {
            let Some(on) = &mut kiosk.on else { continue };
            let sql = "SELECT ifnull(max(last), 0) FROM tail WHERE log = ?1";
            let last = on.store(move |tx| Ok(tx.query_row(sql, [own], |r| r.get::<_, i64>(0))?)).unwrap_or_default();
            if last > 0 {
                self.carried.push((n, LogId::from_bytes(own), last.unsigned_abs()));
            }
        }
    }

    /// Whom the server has revoked, as its file says.
    pub fn find_the_revoked(&mut self) {
        self.revoked.clear();
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
    pub(super) fn stands(&self) -> BTreeSet<String> {
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
    pub(super) fn on_card(&mut self, n: usize) -> Vec<String> {
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
                self.judge.revoked.insert(id, self.now);
                self.revoked.extend((0..self.ids.len()).filter(|k| self.ids[*k] == id));
                self.news();
            }
            // The server lost its power in the middle of it: the office does it again.
            Err(_) if self.server.disk.is_dark() => {
                self.kill_server(true);
                self.later(10 * MINUTE, Happening::Strikes(Fault::Revoke(n)));
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
