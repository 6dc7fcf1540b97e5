//! What is done with the bytes of a roster. Apart from `lib.rs`, because it needs all of the server, which takes long to build.
//!
//! Must never: write a roster. It is read and planned nowhere.

use server::import::roster::Choice;
use server::import::{parse, read};

/// A roster that somebody brings: a zip, or a spreadsheet.
pub fn import(bytes: &[u8]) {
    let choice = Choice::default();
    for name in ["roster.zip", "pupils.csv"] {
        let Ok(files) = read::named(name, bytes.to_vec()) else { continue };
        let mut rejects = Vec::new();
        // Either way it is an answer; the words of a refusal must be writable.
        match parse(&files, &choice, &mut rejects) {
            Ok(roster) => assert!(roster.pupils.len() <= bytes.len().max(1) * 1100, "more pupils than bytes unpacked"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
