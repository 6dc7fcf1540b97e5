//! `check`.
//!
//! Must never: exit with 0 when anything was found.

use super::Outcome;
use crate::check::{self, Found};
use crate::store::Stores;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let mut wrong = 0;
    let mut trust = Found::default();
    stores.trust().read_now(|c| check::file(c, &mut trust))?;
    wrong += say(args.json, "trust.db", &trust);
    for school in stores.all() {
        let found = school.read_now(|tx| check::school(tx))?;
        wrong += say(args.json, school.slug(), &found);
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(json: bool, what: &str, found: &Found) -> usize {
    if json {
        let line = serde_json::json!({
            "file": what, "wrong": found.wrong, "facts": found.facts, "entries": found.entries, "marks": found.marks,
        });
        println!("{line}");
    } else if found.wrong.is_empty() {
        println!("{what}: sound ({} facts, {} entries, {} marks).", found.facts, found.entries, found.marks);
    } else {
        println!("{what}: {} things are wrong. Keep this file, and restore the last backup.", found.wrong.len());
        for sentence in &found.wrong {
            println!("  {sentence}");
        }
    }
    found.wrong.len()
}
