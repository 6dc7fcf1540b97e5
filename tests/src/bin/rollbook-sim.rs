//! `rollbook-sim`: plays seeds of the simulator. `soak` as many as fit, `replay` one with its trace.
//!
//! Must never: call a run good that has failed.

use clap::{Parser, Subcommand};
use rollbook_tests::sim::{play, play_with, record, soak};
use shared::sim::Mutant;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

#[derive(Parser)]
#[command(about = "The simulator: a school of kiosks and its server under faults, from one seed")]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Plays seeds one after another for so many minutes.
    Soak(soak::Args),
    /// Prints the hash of each seed's trace.
    Hash {
        /// Seeds.
        seeds: Vec<u64>,
    },
    /// Records the conversations of one day, for `tests/recorded/<version>`.
    Record {
        /// The seed.
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// The version.
        version: String,
        /// The folder.
        into: std::path::PathBuf,
    },
    /// For each deliberate bug: the first seed that catches it.
    Mutants {
        /// Seeds to try, from 1.
        #[arg(long, default_value_t = 300)]
        seeds: u64,
        /// This bug only.
        #[arg(long)]
        only: Option<String>,
    },
    /// Plays one seed and prints what happened.
    Replay {
        /// The seed.
        seed: u64,
        /// With this deliberate bug.
        #[arg(long)]
        bug: Option<String>,
    },
}

fn main() -> ExitCode {
    match Args::parse().what {
        What::Soak(args) => soak::run(&args),
        What::Hash { seeds } => {
            for seed in seeds {
                println!("{seed} {}", play(seed, false).hash);
            }
            ExitCode::SUCCESS
        }
        What::Record { seed, version, into } => match record(seed, &version, &into) {
            Ok(steps) => {
                println!("{steps} steps recorded");
                ExitCode::SUCCESS
            }
            Err(wrong) => {
                println!("not recorded: {wrong}");
                ExitCode::FAILURE
            }
        },
        What::Mutants { seeds, only } => mutants(seeds, only.as_deref()),
        What::Replay { seed, bug } => {
            let bug = bug.and_then(|name| Mutant::ALL.into_iter().find(|m| format!("{m:?}") == name));
            let outcome = play_with(seed, true, bug);
            for line in &outcome.lines {
                println!("{line}");
            }
            println!("{:#?}\ntrace {}", outcome.tally, outcome.hash);
            match outcome.wrong {
                None => ExitCode::SUCCESS,
                Some(wrong) => {
                    println!("seed {seed} FAILED: {wrong}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// Looks on two threads: each has its own bug.
fn mutants(seeds: u64, only: Option<&str>) -> ExitCode {
    let wanted = Mutant::ALL.into_iter().filter(|bug| only.is_none_or(|only| format!("{bug:?}") == only));
    let (left, alive) = (Mutex::new(wanted), AtomicUsize::new(0));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(bug) = next() {
                    let caught = |seed| play_with(seed, false, Some(bug)).wrong.map(|wrong| (seed, wrong));
                    match (1..=seeds).find_map(caught) {
                        Some((seed, wrong)) => {
                            println!("{bug:?} {seed}  # {}", wrong.chars().take(150).collect::<String>());
                        }
                        None => {
                            alive.fetch_add(1, Ordering::Relaxed);
                            println!("{bug:?} LIVES after {seeds} seeds");
                        }
                    }
                }
            });
        }
    });
    if alive.load(Ordering::Relaxed) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
