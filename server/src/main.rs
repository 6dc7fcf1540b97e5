//! Rollbook's server: see `rollbook-server --help`, and docs/OPERATIONS.md.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
