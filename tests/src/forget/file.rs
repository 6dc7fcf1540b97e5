//! One file of a disk that forgets: what the programs see, what is durable, and every version of a sector in between.
//!
//! Must never: let a sector survive a cut in a version that it never had.

use super::locks::{Locks, Shared};
use fastrand::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a disk writes as one, or not at all.
pub const SECTOR: usize = 512;
/// Versions of a sector that are remembered between two syncs. Fewer of them only makes a cut less various.
const VERSIONS: usize = 6;

type Sector = [u8; SECTOR];

/// A file.
#[derive(Debug, Default)]
pub struct File {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Of each sector that was written since the last sync, what it then held, oldest first.
    since: BTreeMap<usize, Vec<Sector>>,
    /// Sizes that the file has had since the last sync, oldest first.
    sizes: Vec<usize>,
    pub locks: Locks,
    pub shared: Arc<Shared>,
}

/// What a cut took from a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Torn {
    /// Sectors that were written and not synced.
    pub at_risk: usize,
    /// Of those, how many do not hold what was written last.
    pub lost: usize,
}

impl File {
    /// A file that lies durable on the disk.
    pub fn holding(content: Vec<u8>) -> Self {
        Self { seen: content.clone(), durable: content, ..Self::default() }
    }

    pub fn content(&self) -> &[u8] {
        &self.seen
    }

    /// Fills `into` from `offset` on; answers how much there was.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> usize {
        let there = self.seen.len().saturating_sub(offset).min(into.len());
        if there > 0 {
            into[..there].copy_from_slice(&self.seen[offset..offset + there]);
        }
        there
    }

    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        if end > self.seen.len() {
            self.seen.resize(end, 0);
            self.sizes.push(end);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR..=(end - 1) / SECTOR {
            let version = self.sector(sector);
            let versions = self.since.entry(sector).or_default();
            if versions.len() == VERSIONS {
                versions.remove(0);
            }
            versions.push(version);
        }
    }

    fn sector(&self, sector: usize) -> Sector {
        let mut version = [0; SECTOR];
        self.read(sector * SECTOR, version.as_mut_slice());
        version
    }

    pub fn truncate(&mut self, size: usize) {
        self.seen.resize(size, 0);
        self.sizes.push(size);
    }

    /// Everything seen is durable now.
    pub fn sync(&mut self) {
        // What was cut off in between and is there again holds zeros, not what it held before.
        let least = self.sizes.iter().copied().min().unwrap_or(usize::MAX);
        self.durable.truncate(least);
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.since).into_keys() {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(self.seen.len());
            if from < to {
                self.durable[from..to].copy_from_slice(&self.seen[from..to]);
            }
        }
        self.sizes.clear();
    }

    /// The system was told to sync, could not, and has forgotten which pages were dirty: some of them arrived, and a
    /// later sync will not bring the others (this is what Linux does). Programs go on seeing what they wrote.
    pub fn half_sync(&mut self, dice: &mut Rng) {
        let seen = self.seen.clone();
        self.cut(dice);
        self.seen = seen;
    }

    /// The power goes. What survives is then durable, and what is seen.
    pub fn cut(&mut self, dice: &mut Rng) -> Torn {
        let mut torn = Torn { at_risk: self.since.len(), lost: 0 };
        // How much of what was on its way arrives: nothing, all, or each by itself.
        let arrives = match dice.u8(0..6) {
            0 => 0.0,
            1 => 1.0,
            2 => 0.1,
            3 => 0.9,
            _ => 0.5,
        };
        let mut size = self.durable.len();
        for had in std::mem::take(&mut self.sizes) {
            if dice.f64() < arrives {
                size = had;
            }
        }
        if arrives >= 1.0 {
            size = self.seen.len();
        }
        let known = self.durable.len().min(size);
        let mut image = std::mem::take(&mut self.durable);
        image.resize(size, 0);
        if dice.bool() {
            dice.fill(&mut image[known..]);
        }
        for (sector, versions) in std::mem::take(&mut self.since) {
            let newest = versions.len() - 1;
            let arrived = (dice.f64() < arrives)
                .then(|| if arrives >= 1.0 || dice.bool() { newest } else { dice.usize(0..=newest) });
            if arrived != Some(newest) {
                torn.lost += 1;
            }
            let from = sector * SECTOR;
            if let Some(version) = arrived
                && from < size
            {
                let to = (from + SECTOR).min(size);
                image[from..to].copy_from_slice(&versions[version][..to - from]);
            }
        }
        self.durable.clone_from(&image);
        self.seen = image;
        torn
    }

    /// The card goes bad: one byte reads otherwise from now on.
    pub fn flip(&mut self, offset: usize, mask: u8) -> bool {
        for content in [&mut self.seen, &mut self.durable] {
            if let Some(byte) = content.get_mut(offset) {
                *byte ^= mask;
            }
        }
        offset < self.seen.len()
    }

    /// The process goes: its locks go with it. The system has what was written, and has still not synced it.
    pub fn kill(&mut self) {
        self.locks = Locks::default();
        self.shared = Arc::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives_and_what_was_not_survives_in_part() {
        let (mut lost, mut kept, mut part) = (0, 0, 0);
        for seed in 0..500 {
            let mut file = File::default();
            file.write(0, &[1; 4096]);
            file.sync();
            file.write(1024, &[2; 2048]);
            file.write(4096, &[3; 1024]);
            let torn = file.cut(&mut Rng::with_seed(seed));
            assert_eq!(torn.at_risk, 6);
            for sector in [0, 1, 6, 7] {
                assert_eq!(file.content()[sector * SECTOR..][..SECTOR], [1; SECTOR], "seed {seed}: synced");
            }
            for sector in 2..6 {
                let now = &file.content()[sector * SECTOR..][..SECTOR];
                assert!(now == [1; SECTOR] || now == [2; SECTOR], "seed {seed}: whole sectors only");
            }
            match torn.lost {
                0 => kept += 1,
                6 => lost += 1,
                _ => part += 1,
            }
        }
        assert!(lost > 50 && kept > 50 && part > 200, "{lost} {kept} {part}");
    }

    #[test]
    fn a_file_cut_short_and_grown_again_holds_zeros_between() {
        let mut file = File::holding(vec![9; 2048]);
        file.truncate(100);
        file.write(1024, &[7; 10]);
        file.sync();
        for seed in 0..20 {
            let mut expected = vec![9; 100];
            expected.resize(1024, 0);
            expected.extend([7; 10]);
            file.cut(&mut Rng::with_seed(seed));
            assert_eq!(file.content(), expected);
        }
    }

    #[test]
    fn after_a_sync_that_failed_a_later_one_does_not_bring_the_rest() {
        let mut dropped = 0;
        for seed in 0..100 {
            let mut file = File::holding(vec![1; 1024]);
            file.write(0, &[2; 1024]);
            file.half_sync(&mut Rng::with_seed(seed));
            assert_eq!(file.content(), [2; 1024], "what is read meanwhile is what was written");
            file.sync();
            file.cut(&mut Rng::with_seed(seed));
            dropped += usize::from(file.content() != [2; 1024]);
        }
        assert!(dropped > 20, "{dropped}");
    }
}
