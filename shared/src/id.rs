//! The names that things have for machines: random, 128 bits, never derived from a person.
//!
//! Must never: make an id by itself (bytes come from the edge), or hold anything that means something.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// An id that is not 32 hexadecimal digits (hyphens allowed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 32 hexadecimal digits")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(#[serde(with = "uuid::serde::simple")] Uuid);

        impl $name {
            /// Wraps 16 random bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(Uuid::from_bytes(bytes)) }
            /// The 16 bytes, as stored in SQLite.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] { self.0.as_bytes() }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.simple().fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.simple())
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(s: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(s).map(Self).map_err(|_| NotAnId)
            }
        }
    )+};
}

ids! {
    /// A school: one register, one file.
    SchoolId;
    /// A pupil of one school. A child on two rolls is two pupils.
    PupilId;
    /// A registration group.
    ClassId;
    /// A member of staff of one school, who may mark a register.
    StaffId;
    /// A touchscreen that was enrolled.
    KioskId;
    /// One writer's log. A kiosk starts a new one after its card was cloned or restored.
    LogId;
    /// One life of a school's feed. A new one (after a restore) makes every kiosk take a new snapshot.
    FeedId;
    /// One run of a machine, from power-on to power-off.
    BootId;
    /// A planned absence.
    PlanId;
    /// A call home: one for all children of a family.
    CallId;
    /// Leave of absence that was asked for.
    LeaveId;
    /// A roll call, by the kiosk's run and the moment at which it began there.
    RollCallId;
}
