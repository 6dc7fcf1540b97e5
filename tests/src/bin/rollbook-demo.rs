//! `make demo`: a sample school's day, played and checked.
//!
//! Must never: exit with 0 after `--once` unless the check held.

use clap::Parser as _;
use rollbook_tests::demo::run::{Args, demo};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match demo(&Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("\nrollbook-demo: {trouble}");
            ExitCode::FAILURE
        }
    }
}
