//! How bright the screen should be: full while somebody may come, dim at night and on days without school, when the screen
//! rests. One decision, the same as the dark screen's, so that a kiosk is never dim with a register on it.
//!
//! Must never: dim a screen that somebody reads.

use super::Screen;

/// How bright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glow {
    /// As by day.
    Full,
    /// Nobody is at school.
    Dim,
}

/// For what stands on the screen.
#[must_use]
pub const fn glow(screen: &Screen) -> Glow {
    match screen {
        Screen::Resting(_) => Glow::Dim,
        _ => Glow::Full,
    }
}
