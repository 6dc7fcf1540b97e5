//! Whatever bytes the fuzzer finds, as [`rollbook_fuzz::import`] takes them.
//!
//! Must never: look at the bytes itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rollbook_fuzz::import(bytes));
