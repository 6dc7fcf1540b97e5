//! Rollbook's kiosk: takes the register in a classroom, signs in late pupils at reception, with or without a network.
//!
//! `core` is pure and decides; `hub` owns it and performs what it wants; everything else is an edge.

pub mod backlight;
pub mod cards;
pub mod cli;
pub mod clock;
pub mod config;
pub mod core;
pub mod enrol;
pub mod health;
pub mod hex;
pub mod hub;
pub mod pin;
pub mod random;
pub mod reader;
pub mod script;
pub mod seal;
pub mod setup;
pub mod sound;
pub mod status;
pub mod store;
pub mod surroundings;
pub mod sync;
#[cfg(any(feature = "window", feature = "linuxkms"))]
pub mod ui;
pub mod witness;
