//! What the simulator of `tests/` may turn: the hands of clocks and, on its own thread, the source of random bytes and
//! deliberate bugs that show that it can fail.
//!
//! Must never: do anything in a build without the feature `sim`: there the system's random bytes are used, and no bug exists.

/// A deliberate bug. Each stands in the code as one condition beside the right way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the name says it; `says` says more
pub enum Mutant {
    AckBeforeCommit,
    SavedBeforeCommit,
    CursorBeforePage,
    NoGapCheck,
    ForkIgnored,
    ReplayDecidesAgain,
    WallClockTrusted,
    ClosesTwice,
    PrunedBeforeDurable,
    AnchorSign,
    OriginIgnored,
    UOnStraddle,
    ReasonForgotten,
    EntryRewritten,
    FeedRowForgotten,
    SnapshotKeepsOld,
    RevokedDecided,
    RestoredServerTrusted,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::AckBeforeCommit,
        Self::SavedBeforeCommit,
        Self::CursorBeforePage,
        Self::NoGapCheck,
        Self::ForkIgnored,
        Self::ReplayDecidesAgain,
        Self::WallClockTrusted,
        Self::ClosesTwice,
        Self::PrunedBeforeDurable,
        Self::AnchorSign,
        Self::OriginIgnored,
        Self::UOnStraddle,
        Self::ReasonForgotten,
        Self::EntryRewritten,
        Self::FeedRowForgotten,
        Self::SnapshotKeepsOld,
        Self::RevokedDecided,
        Self::RestoredServerTrusted,
    ];

    /// Whether the code is to be wrong in this way now, on this thread.
    #[cfg(feature = "sim")]
    #[must_use]
    pub fn lives(self) -> bool {
        turned::MUTANT.get() == Some(self)
    }

    /// Never: this build has no bug on purpose.
    #[cfg(not(feature = "sim"))]
    #[must_use]
    pub const fn lives(self) -> bool {
        false
    }
}

#[cfg(feature = "sim")]
pub use turned::{Dial, breed, fill, seed, seeded};

/// Whether this thread is a simulator's: never in this build.
#[cfg(not(feature = "sim"))]
#[must_use]
pub const fn seeded() -> bool {
    false
}

#[cfg(feature = "sim")]
mod turned {
    use super::Mutant;
    use crate::time::{Millis, Mono};
    use std::cell::Cell;
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    /// The hands of a machine's clocks, moved by whoever holds this too.
    #[derive(Debug, Default)]
    pub struct Dial {
        /// Milliseconds since power-on.
        pub mono: AtomicI64,
        /// What the wall clock says.
        pub wall: AtomicI64,
        /// What the time service says of the wall clock; a kiosk does not ask.
        pub synchronised: AtomicBool,
    }

    impl Dial {
        /// What both clocks show.
        #[must_use]
        pub fn look(&self) -> (Mono, Millis) {
            (Mono(self.mono.load(Ordering::Relaxed)), Millis(self.wall.load(Ordering::Relaxed)))
        }
    }

    thread_local! {
        pub(super) static MUTANT: Cell<Option<Mutant>> = const { Cell::new(None) };
        static RANDOM: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From now on this thread's code has this bug, or none.
    pub fn breed(mutant: Option<Mutant>) {
        MUTANT.set(mutant);
    }

    /// From now on this thread's random bytes follow from this seed, or come from the system.
    pub fn seed(seed: Option<u64>) {
        RANDOM.set(seed);
    }

    /// Whether this thread's random bytes follow from a seed: then nothing may happen on another one.
    #[must_use]
    pub fn seeded() -> bool {
        RANDOM.get().is_some()
    }

    /// Fills with bytes that follow from the seed (SplitMix64). False: this thread has no seed, ask the system.
    pub fn fill(bytes: &mut [u8]) -> bool {
        let Some(mut state) = RANDOM.get() else { return false };
        for chunk in bytes.chunks_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
        RANDOM.set(Some(state));
        true
    }
}
