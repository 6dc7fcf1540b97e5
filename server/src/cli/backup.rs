//! `backup`.
//!
//! Must never: say "done" of a copy that was not read back.

use super::Outcome;
use crate::backup;
use crate::store::Stores;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder in which the backup gets a folder of its own.
    into: PathBuf,
    /// The folder lies in a second place, though it does not look so (it is copied to another machine).
    #[arg(long)]
    elsewhere: bool,
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let made = backup::make(stores, &args.into, args.elsewhere)?;
    let wrong = backup::compare(&made.folder)?;
    if !wrong.is_empty() {
        return Err(format!("the backup is not sound: {}", wrong.join("; ")).into());
    }
    println!("{} files were copied to {} and read back.", made.files.len(), made.folder.display());
    if made.durable {
        println!("Kiosks may let go of what it holds after 30 days.");
    } else {
        println!(
            "It lies on the same disk as the data, so kiosks keep everything. Copy it elsewhere, or say --elsewhere."
        );
    }
    println!("It holds the server's key: keep it as safe as the server.");
    Ok(ExitCode::SUCCESS)
}
