//! Whatever edges the fuzzer finds, as [`reader::wiegand`] takes them.
//!
//! Must never: look at the bytes itself.
#![no_main]

#[path = "../src/reader.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::wiegand(bytes));
