//! `device list`, `device revoke`.
//!
//! Must never: revoke another kiosk than the one that was named in full.

use super::{Outcome, at_the_terminal, chosen};
use crate::device;
use crate::store::Stores;
use shared::id::KioskId;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// List the kiosks of a school.
    List {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a kiosk: what it sends from now on is held for the office.
    Revoke {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// The kiosk's id, as `device list` shows it.
        kiosk: KioskId,
        /// Who revokes it, for the record.
        #[arg(long)]
        by: Option<String>,
    },
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    match args {
        Args::List { school, json } => {
            let school = chosen(stores, school.as_deref())?;
            let kiosks = school.read_now(|tx| device::list(tx))?;
            let calendar = school.read_now(|tx| tx.calendar())?;
            for one in kiosks {
                if *json {
                    let line = serde_json::json!({
                        "kiosk": one.kiosk, "room": one.room, "mode": one.mode, "classes": one.classes, "app": one.app,
                        "seen_ms": one.seen_at, "revoked_ms": one.revoked_at,
                    });
                    println!("{line}");
                    continue;
                }
                let seen =
                    one.seen_at.map_or("never".to_owned(), |at| calendar.local(at).format("%d %b %H:%M").to_string());
                let state = if one.revoked_at.is_some() { "revoked" } else { "in use" };
                println!(
                    "{}  {:<16} {:<10} {state:<8} seen {seen:<13} {}",
                    one.kiosk,
                    one.room,
                    one.mode,
                    one.classes.join(", ")
                );
            }
        }
        Args::Revoke { school, kiosk, by } => {
            let school = chosen(stores, school.as_deref())?;
            let by = at_the_terminal(by.as_deref())?;
            device::revoke_now(stores, school.id(), *kiosk, &by, stores.clock().now())?;
            println!("Revoked. What it still sends is held until somebody in the office accepts or discards it.");
        }
    }
    Ok(ExitCode::SUCCESS)
}
