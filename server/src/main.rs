//! Rollbook's server: see `rollbook-server --help`, and docs/OPERATIONS.md.
//!
//! Must never: be more than this page.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
