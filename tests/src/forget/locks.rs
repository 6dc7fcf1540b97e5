//! Locks of a file on a disk that forgets, as SQLite's Unix file system keeps them, and the memory that the readers and
//! the writer of a write-ahead log share.
//!
//! Must never: let two exclude each other from the same file at once.

use rusqlite::ffi;
use std::ffi::c_int;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

/// Whether a lock could be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It is held now.
    Held,
    /// Somebody else has one that forbids it.
    Busy,
}

/// Who holds what of the whole file.
#[derive(Debug, Default)]
pub struct Locks {
    readers: usize,
    reserved: bool,
    pending: bool,
    exclusive: bool,
}

impl Locks {
    /// Takes a handle from the level `held` to the level `to`.
    pub fn lock(&mut self, held: &mut c_int, to: c_int) -> Lock {
        if *held >= to {
            return Lock::Held;
        }
        if *held == ffi::SQLITE_LOCK_NONE {
            if self.pending || self.exclusive {
                return Lock::Busy;
            }
            self.readers += 1;
            *held = ffi::SQLITE_LOCK_SHARED;
        }
        if to >= ffi::SQLITE_LOCK_RESERVED && *held < ffi::SQLITE_LOCK_RESERVED {
            if self.reserved || self.pending {
                return Lock::Busy;
            }
            self.reserved = true;
            *held = ffi::SQLITE_LOCK_RESERVED;
        }
        if to == ffi::SQLITE_LOCK_EXCLUSIVE {
            self.pending = true; // no new readers; those that are there may finish
            *held = ffi::SQLITE_LOCK_PENDING;
            if self.readers > 1 {
                return Lock::Busy;
            }
            self.exclusive = true;
            *held = ffi::SQLITE_LOCK_EXCLUSIVE;
        }
        Lock::Held
    }

    /// Takes a handle down to `SHARED` or to nothing.
    pub fn unlock(&mut self, held: &mut c_int, to: c_int) {
        if *held >= ffi::SQLITE_LOCK_RESERVED && to < ffi::SQLITE_LOCK_RESERVED {
            self.reserved = false;
            self.pending = false;
            self.exclusive = false;
            *held = ffi::SQLITE_LOCK_SHARED;
        }
        if *held == ffi::SQLITE_LOCK_SHARED && to == ffi::SQLITE_LOCK_NONE {
            self.readers -= 1;
            *held = ffi::SQLITE_LOCK_NONE;
        }
    }

    /// Whether anybody is about to write.
    pub const fn reserved(&self) -> bool {
        self.reserved
    }
}

/// The index of a write-ahead log. It lives as long as anybody has it open, and a process's end takes it.
#[derive(Debug, Default)]
pub struct Shared {
    // SQLite reads and writes through pointers into these, from any thread: atoms, so that Rust knows.
    regions: Mutex<Vec<Box<[AtomicU64]>>>,
    slots: Mutex<[Slot; ffi::SQLITE_SHM_NLOCK as usize]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    shared: usize,
    exclusive: bool,
}

/// What one handle holds of the slots, as bits.
#[derive(Debug, Default, Clone, Copy)]
pub struct Mine {
    shared: u16,
    exclusive: u16,
}

impl Shared {
    /// The region of this number, made if `extend` says so. It stays where it is as long as `self` lives.
    pub fn region(&self, number: usize, bytes: usize, extend: bool) -> Option<*const AtomicU64> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        while extend && regions.len() <= number {
            regions.push((0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect());
        }
        regions.get(number).map(|region| region.as_ptr())
    }

    /// Locks `count` slots from `first` on: all of them, or none.
    pub fn lock(&self, mine: &mut Mine, first: usize, count: usize, exclusive: bool) -> Lock {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let range = first..first + count;
        let forbids = |n: usize| {
            let others = slots[n].shared - usize::from(mine.shared & (1 << n) != 0);
            let other_writes = slots[n].exclusive && mine.exclusive & (1 << n) == 0;
            other_writes || (exclusive && others > 0)
        };
        if range.clone().any(forbids) {
            return Lock::Busy;
        }
        for n in range {
            let bit = 1 << n;
            if exclusive {
                slots[n].exclusive = true;
                mine.exclusive |= bit;
            } else if mine.shared & bit == 0 {
                slots[n].shared += 1;
                mine.shared |= bit;
            }
        }
        Lock::Held
    }

    /// Gives slots back.
    pub fn unlock(&self, mine: &mut Mine, first: usize, count: usize) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        for n in first..first + count {
            let bit = 1 << n;
            if mine.exclusive & bit != 0 {
                slots[n].exclusive = false;
            }
            if mine.shared & bit != 0 {
                slots[n].shared -= 1;
            }
            mine.exclusive &= !bit;
            mine.shared &= !bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_waits_for_the_readers_and_lets_no_new_one_in() {
        let mut locks = Locks::default();
        let (mut reader, mut writer, mut late) = (0, 0, 0);
        assert_eq!(locks.lock(&mut reader, ffi::SQLITE_LOCK_SHARED), Lock::Held);
        assert_eq!(locks.lock(&mut writer, ffi::SQLITE_LOCK_SHARED), Lock::Held);
        assert_eq!(locks.lock(&mut writer, ffi::SQLITE_LOCK_RESERVED), Lock::Held);
        assert_eq!(locks.lock(&mut reader, ffi::SQLITE_LOCK_RESERVED), Lock::Busy);
        assert_eq!(locks.lock(&mut writer, ffi::SQLITE_LOCK_EXCLUSIVE), Lock::Busy);
        assert_eq!(locks.lock(&mut late, ffi::SQLITE_LOCK_SHARED), Lock::Busy);
        locks.unlock(&mut reader, ffi::SQLITE_LOCK_NONE);
        assert_eq!(locks.lock(&mut writer, ffi::SQLITE_LOCK_EXCLUSIVE), Lock::Held);
        locks.unlock(&mut writer, ffi::SQLITE_LOCK_NONE);
        assert_eq!(locks.lock(&mut late, ffi::SQLITE_LOCK_EXCLUSIVE), Lock::Held);
    }

    #[test]
    fn slots_are_had_all_or_none() {
        let shared = Shared::default();
        let (mut one, mut two) = (Mine::default(), Mine::default());
        assert_eq!(shared.lock(&mut one, 3, 1, false), Lock::Held);
        assert_eq!(shared.lock(&mut two, 3, 1, false), Lock::Held);
        assert_eq!(shared.lock(&mut two, 2, 3, true), Lock::Busy);
        assert_eq!(shared.lock(&mut one, 4, 1, true), Lock::Held, "nothing was kept of the attempt");
        shared.unlock(&mut one, 3, 1);
        shared.unlock(&mut one, 4, 1);
        assert_eq!(shared.lock(&mut two, 4, 4, true), Lock::Held);
        assert_eq!(shared.lock(&mut one, 5, 1, false), Lock::Busy);
    }
}
