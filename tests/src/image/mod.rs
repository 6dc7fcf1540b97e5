//! The card's image in an emulated machine: QEMU's `-M virt`, its screen, its finger, its pins, its power.
//!
//! Must never: be taken for a real Raspberry Pi: its firmware, its display, its pins' timing and its radio are not here.

pub mod card;
pub mod cuts;
pub mod machine;
pub mod pi3;
pub mod qmp;
pub mod recorded;
pub mod recorder;
pub mod scene;
pub mod seat;
pub mod stage;
pub mod wiegand;
pub mod writes;
