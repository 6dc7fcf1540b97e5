//! `restore`.
//!
//! Must never: show the recovery key, or take it from the command line, where other programs can read it.

use super::{Outcome, at_the_terminal};
use crate::clock::Clock;
use crate::recovery::Key;
use crate::restore::{self, Asked};
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backup: the folder rollbook-… itself.
    folder: PathBuf,
    /// The data folder to fill, empty or not there yet; else the one of --data.
    #[arg(long)]
    into: Option<PathBuf>,
    /// A file with the recovery key. Without it the key is asked for.
    #[arg(long, conflicts_with = "without_key")]
    key_file: Option<PathBuf>,
    /// The paper is lost: bring back the register, and make new keys. Every kiosk must be enrolled and every card bound again.
    #[arg(long)]
    without_key: bool,
    /// Who restores, for the record.
    #[arg(long)]
    by: String,
}

pub(super) fn run(args: &Args, data: &Path, clock: Clock) -> Outcome {
    let into = args.into.as_deref().unwrap_or(data);
    let by = at_the_terminal(Some(&args.by))?;
    let key = if args.without_key { None } else { Some(key(args.key_file.as_deref())?) };
    let done = restore::restore(&Asked { folder: &args.folder, into, key: key.as_ref(), by: &by }, clock)?;
    let made =
        chrono::DateTime::from_timestamp_millis(done.backup.0).map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string());
    println!("The backup of {} is in {}: {}.", made.unwrap_or_default(), into.display(), done.schools.join(", "));
    println!("Its sums, its chains and every mark with its history were verified.");
    if key.is_some() {
        println!("The server's keys are back. Give the machine the address of the old one and start the server:");
        println!("the kiosks know it, send what happened since, and bring back what the office did.");
        println!("Until that is done the recovery key stays in the data folder; then it is deleted by itself.");
    } else {
        println!("New keys were made. Start the server, then enrol every kiosk again and bind every card.");
    }
    println!(
        "Then open the page \"After the restore\". Until it says so, call nobody about the sessions since the backup."
    );
    Ok(ExitCode::SUCCESS)
}

fn key(file: Option<&Path>) -> Result<Key, Box<dyn std::error::Error + Send + Sync>> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?,
        None if std::io::stdin().is_terminal() => {
            rpassword::prompt_password("The recovery key, from its paper (it is not shown; spaces do not matter): ")?
        }
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
    };
    Ok(Key::read(&text)?)
}
