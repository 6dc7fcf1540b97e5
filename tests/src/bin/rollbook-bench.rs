//! `make bench`: the figures of docs/PERFORMANCE.md.
//!
//! Must never: exit with 0 when something could not be measured. A missed goal is a figure, not a failure.

use clap::Parser as _;
use rollbook_tests::bench::run::{Args, bench};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match bench(&Args::parse()).await {
        Ok(_) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("\nrollbook-bench: {trouble}");
            ExitCode::FAILURE
        }
    }
}
