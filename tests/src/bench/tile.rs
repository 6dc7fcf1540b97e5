//! Where the tiles of a register of 34 lie on a screen of 800 by 480: six columns, six rows. The kiosk's own tests compare this
//! with its window (`kiosk/tests/wiring.rs`), so a finger of the benchmark does not miss when the screen is changed.
//!
//! Must never: be found out from the kiosk that is measured.

/// Where a tile begins, rounded up to whole pixels.
pub fn tile(n: u32) -> (u32, u32) {
    (8 + (n % 6 * 789).div_ceil(6), 60 + (n / 6 * 359).div_ceil(6))
}

/// A place on *Submit*, below the tiles.
pub const SUBMIT: (u32, u32) = (722, 447);
/// A place on *Done*, on the screen that says that a register is in.
pub const DONE: (u32, u32) = (612, 430);
