//! A byte of a file turns over: a kiosk sets its file aside and says what it lost; the server finds it and answers nothing false.
//!
//! Must never: forgive a loss that nobody was told of.

use super::places::mount;
use super::server::{Ask, Server};
use super::world::World;
use crate::forget::Image;
use kiosk::store::begin_anew_by_hand;
use shared::time::{Millis, Mono, Reading};
use shared::wire::v1::Pull;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Writes an image into a plain folder: renaming and reading past SQLite are the work of a real file system.
fn lay_out(image: &Image, folder: &Path) -> std::io::Result<()> {
    for (path, bytes) in &image.files {
        let to = folder.join(path);
        std::fs::create_dir_all(to.parent().unwrap_or(folder))?;
        std::fs::write(to, bytes)?;
    }
    Ok(())
}

/// Turns a byte of the file with this name, in an image.
fn turn(image: &mut Image, is: impl Fn(&Path) -> bool, place: u64, mask: u8) -> Option<(PathBuf, usize)> {
    let (path, bytes) = image.files.iter_mut().find(|(path, bytes)| is(path) && !bytes.is_empty())?;
    let at = usize::try_from(place % bytes.len() as u64).unwrap_or(0);
    bytes[at] ^= mask.max(1);
    Some((path.clone(), at))
}

/// What only the server has since a kiosk's file was damaged.
#[derive(Debug, Default)]
pub struct OnlyCopies {
    /// Confirmed facts that no longer stand on its card.
    pub facts: BTreeSet<String>,
    /// So many entries the kiosk said were with the server alone.
    pub told: u64,
    /// So many facts went when the server was restored.
    pub gone: u64,
}

impl World {
    /// A byte of a kiosk's file turns over while it is off; then it starts on it.
    pub fn spoil_card(&mut self, n: usize) {
        self.crash(n, true);
        let (place, mask) = (self.rng.u64(..), self.rng.u8(1..));
        if let Err(words) = self.spoilt(n, place, mask) {
            self.fail(words);
        }
    }

    fn spoilt(&mut self, n: usize, place: u64, mask: u8) -> Result<(), String> {
        let accident = |e: std::io::Error| e.to_string();
        let before: BTreeSet<String> = self.on_card(n).into_iter().collect();
        let sound = self.kiosks[n].disk.snapshot();
        let mut image = sound.clone();
        let Some((path, at)) = turn(&mut image, |path| path.ends_with(kiosk::store::FILE), place, mask) else {
            return Ok(());
        };
        let folder = self.place.folder(&format!("spoilt-{}", self.tally.events));
        lay_out(&image, &folder).map_err(accident)?;
        let reading = Reading { boot: self.kiosks[n].boot, mono: Mono(self.kiosks[n].mono()), wall: Millis(0) };
        let aside = begin_anew_by_hand(&folder, reading).map_err(|e| format!("kiosk {n} with a spoilt file: {e}"))?;
        let Some(aside) = aside else {
            // Where nothing is written, or a value that is as well formed as before. The log is never among them.
            self.say(format_args!("k{n} byte {at} of {} tells nothing", path.display()));
            self.kiosks[n].disk.restore(&image);
            let after: BTreeSet<String> = self.on_card(n).into_iter().collect();
            self.kiosks[n].disk.restore(&sound);
            return if after == before {
                Ok(())
            } else {
                Err(format!("kiosk {n}: byte {at} of its file changed what its log says, and nobody noticed"))
            };
        };
        self.say(format_args!(
            "k{n} byte {at}: set aside, {} kept, {} lost, {} on the server alone",
            aside.kept, aside.lost, aside.only_copy
        ));
        if !aside.path.exists() {
            return Err(format!("kiosk {n}: its damaged file is gone"));
        }
        if !aside.enrolled {
            // It asks to be enrolled, with all that it kept; IT puts the card in again that it had.
            self.tally.skip("a spoilt kiosk that does not know who it is");
            self.kiosks[n].disk.restore(&sound);
            return Ok(());
        }
        let whole = std::fs::read(folder.join(kiosk::store::FILE)).map_err(accident)?;
        let files = BTreeMap::from([(PathBuf::from(kiosk::store::FILE), whole)]);
        self.kiosks[n].disk.restore(&Image { files });
        let after: BTreeSet<String> = self.on_card(n).into_iter().collect();
        let there = self.stands();
        let gone: Vec<String> = before
            .iter()
            .filter(|fact| self.judge.confirmed.contains_key(*fact))
            .filter(|fact| !after.contains(*fact) && !there.contains(*fact) && !self.judge.lost.contains(*fact))
            .cloned()
            .collect();
        if self.server.is_up() && !self.restored && gone.len() as u64 > aside.lost {
            return Err(format!("kiosk {n}: {} facts went with byte {at}, and it says {}", gone.len(), aside.lost));
        }
        let there_only = before.iter().filter(|fact| self.judge.confirmed.contains_key(*fact));
        let there_only = there_only.filter(|fact| !after.contains(*fact) && there.contains(*fact)).cloned();
        let only = self.only_copies.entry(n).or_default();
        only.facts.extend(there_only);
        only.told += aside.only_copy;
        self.tally.lost += gone.len() as u64;
        self.judge.lost.extend(gone);
        Ok(())
    }

    /// The server was restored from before. What it alone had, and no card, is gone: not more than kiosks had said.
    pub(super) fn only_copies_gone(&mut self) {
        let there = self.stands();
        for n in self.only_copies.keys().copied().collect::<Vec<_>>() {
            let mut gone = self.only_copies.get(&n).map(|only| only.facts.clone()).unwrap_or_default();
            gone.retain(|fact| !there.contains(fact) && !self.judge.lost.contains(fact));
            if gone.is_empty() {
                continue;
            }
            for card in 0..self.kiosks.len() {
                let held = self.on_card(card);
                gone.retain(|fact| !held.contains(fact));
            }
            let Some(only) = self.only_copies.get_mut(&n) else { continue };
            let (told, gone_now) = (only.told, gone.len() as u64);
            only.gone += gone_now;
            if only.gone > told {
                return self
                    .fail(format!("kiosk {n}: the server alone had {gone_now} facts, and the kiosk said {told}"));
            }
            if gone_now > 0 {
                self.say(format_args!("k{n} {gone_now} facts that the server alone had are gone"));
            }
            self.tally.lost += gone_now;
            self.judge.lost.extend(gone);
        }
    }

    /// A byte of the school's file turns over in a copy of the server's disk: `check` finds it, and a server on that copy
    /// says what the right one says, or that it cannot.
    pub fn spoil_school(&mut self) {
        let (place, mask) = (self.rng.u64(..), self.rng.u8(1..));
        if let Err(words) = self.spoilt_school(place, mask) {
            self.fail(words);
        }
    }

    fn spoilt_school(&mut self, place: u64, mask: u8) -> Result<(), String> {
        let mut image = self.server.disk.snapshot();
        let in_schools = |path: &Path| path.starts_with("schools") && path.extension().is_some_and(|e| e == "db");
        let Some((path, at)) = turn(&mut image, in_schools, place, mask) else { return Ok(()) };
        let folder = self.place.folder(&format!("spoilt-{}", self.tally.events));
        lay_out(&image, &folder).map_err(|e| e.to_string())?;
        let found = server::check::school_file(&folder.join(&path), self.server.school().id(), self.server.now());
        // A page of which the journal has a newer one is read by nobody, and is written over.
        let unseen = found.wrong.is_empty();
        let disk = mount(&self.place.folder(&format!("copy-{}", self.tally.events)), place);
        disk.restore(&image);
        let mut copy = Server::new(disk, self.now);
        let mut told = [0_u32; 2];
        let opens = copy.start(self.now, true).is_ok();
        if opens {
            for token in self.kiosks.iter().filter(|k| k.on.is_some()).map(|k| k.token.clone()).collect::<Vec<_>>() {
                for (feed, after) in self.feeds(&token) {
                    let ask = Ask::Pull(Pull { feed, after, limit: 1000, wait: 0, tail: None });
                    let (right, here) = (self.server.ask(&token, &ask), copy.ask(&token, &ask));
                    told[usize::from(here.0.is_server_error())] += 1;
                    if here != right && !here.0.is_server_error() {
                        return Err(format!(
                            "with byte {at} of its file turned, the server tells a kiosk something else"
                        ));
                    }
                }
            }
        }
        if unseen && (!opens || told[1] > 0) {
            return Err(format!("byte {at} of the school's file keeps it from being read, and check does not find it"));
        }
        let words = if unseen { "in a page of before" } else { "found" };
        self.say(format_args!("byte {at} of the school's file: {words}; {} answers, {} refused", told[0], told[1]));
        Ok(())
    }

    /// A kiosk's feed, and from where on to ask for it.
    fn feeds(&self, token: &str) -> Vec<(shared::id::FeedId, u64)> {
        let kiosk = self.kiosks.iter().position(|k| k.token == token).and_then(|n| self.ids.get(n));
        let feed = kiosk.and_then(|kiosk| {
            let kiosk = *kiosk.as_bytes();
            let read = self.server.school().read_now(move |tx| {
                Ok(tx.query_row("SELECT feed FROM kiosk WHERE id = ?1", [kiosk], |r| r.get::<_, [u8; 16]>(0))?)
            });
            read.ok()
        });
        feed.map(|feed| (shared::id::FeedId::from_bytes(feed), 0)).into_iter().collect()
    }
}
