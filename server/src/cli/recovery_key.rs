//! `recovery-key`: makes the key that opens backups, and prints it this once.
//!
//! Must never: show the secret part of a key a second time.

use super::Outcome;
use crate::recovery::{self, Key};
use crate::store::Stores;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Make a key, print it, and keep only its public part. Later backups are sealed to it.
    New {
        /// Replace the key that there is. Backups made until now still need the old paper.
        #[arg(long)]
        replace: bool,
    },
    /// Say whether there is a key, and its public part.
    Show,
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let there = recovery::public(stores)?;
    match (args, there) {
        (Args::Show, Some(public)) => println!("Backups are sealed to {public}"),
        (Args::Show, None) => {
            println!("There is no recovery key. Make one: `rollbook-server recovery-key new`");
            return Ok(ExitCode::FAILURE);
        }
        (Args::New { replace: false }, Some(_)) => {
            return Err(
                "there is a recovery key already. If its paper is lost, make another with --replace; keep the old \
                        paper, if it turns up, as long as you keep backups made before today"
                    .into(),
            );
        }
        (Args::New { .. }, before) => {
            print(&recovery::renew(stores)?);
            if before.is_some() {
                println!(
                    "Backups made until now open with the old paper only. Keep both until those backups are gone."
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The paper.
pub(super) fn print(key: &Key) {
    println!();
    println!("THE RECOVERY KEY OF THIS SERVER. It is shown this once.");
    println!();
    println!("    {}", key.printed());
    println!();
    println!(
        "Print this or copy it by hand, twice. One paper goes into the school's safe, one to the headteacher or the"
    );
    println!(
        "trust. Do not keep it on this machine, nor beside the backups, nor in an e-mail. After a fire or a theft, a"
    );
    println!(
        "backup and this paper bring the server back, and its kiosks know it again. Without the paper the register"
    );
    println!("still comes back, but every kiosk must be enrolled and every card bound again.");
    println!();
}
