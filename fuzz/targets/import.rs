//! Whatever bytes the fuzzer finds, as [`roster::import`] takes them.
//!
//! Must never: look at the bytes itself.
#![no_main]

#[path = "../src/import.rs"]
mod roster;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| roster::import(bytes));
