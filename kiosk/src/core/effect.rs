//! What the core asks its edges to do.
//!
//! Must never: be performed by the core itself, or carry a time (the store stamps facts with the clocks' reading).

use super::msg::{Pin, Ticket};
use shared::id::StaffId;
use shared::observation::Observation;
use shared::text::{Name, Text};

/// Something to do. Effects of one update are performed in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write these facts to the kiosk's log in one transaction, stamped with the reading of the tick before the
    /// message that caused them; answer with `Saved` after COMMIT, or `NotSaved`.
    Append {
        /// Names this append.
        ticket: Ticket,
        /// The facts, in order; never empty.
        facts: Vec<Draft>,
    },
    /// Compare a PIN with its hash, off the hub's thread; answer with `PinChecked`.
    CheckPin {
        /// Names this check.
        ticket: Ticket,
        /// Whose (for nothing but a log line without a name).
        staff: StaffId,
        /// The hash in PHC form.
        phc: Text<200>,
        /// What was typed.
        pin: Pin,
    },
    /// Make a sound.
    Beep(Beep),
    /// Something is worth sending at once.
    SyncNow,
}

/// A fact before it is stamped and numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who is signed on.
    pub by: Option<StaffId>,
    /// What was seen. With `seal`, its `reason` or `collected` is none until it is sealed.
    pub what: Observation,
    /// A reason, or who collects a pupil, picked at reception: to be sealed to the school's key (`Settings::seal_to`) and
    /// put into `Explained::reason` or `Left::collected` before anything is written. In the clear it goes nowhere.
    pub seal: Option<Name>,
}

/// Two sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beep {
    /// It worked.
    Good,
    /// It did not; calm.
    Low,
}
