//! `backup`.
//!
//! Must never: say "done" of a copy that was not read back, or end with 0 while something is left for a person to do.

use super::Outcome;
use crate::backup::restic::Restic;
use crate::backup::retention::{self, Keep};
use crate::backup::{self, Made};
use crate::store::{StoreError, Stores};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The register is saved, and something is left to do: a second place, or a recovery key.
const NOT_ALL: u8 = 3;
/// The register is saved; old backups could not be cleared away.
const NOT_TIDIED: u8 = 4;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 there is no new backup; 3 it was made and verified, but it lies on the data's own disk, \
                        or holds no keys because there is no recovery key; 4 it was made, and old ones could not be removed."
)]
#[group(required = true, multiple = true)]
pub(super) struct Places {
    /// The folder in which the backup gets a folder of its own.
    into: Option<PathBuf>,
    /// A restic repository; its password as restic wants it, in RESTIC_PASSWORD_FILE for one.
    #[arg(long, value_name = "REPOSITORY")]
    restic: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    places: Places,
    /// The folder lies in a second place, though it does not look so (it is copied to another machine).
    #[arg(long, requires = "into")]
    elsewhere: bool,
    /// Keep the newest backup of each of so many days, and remove older ones.
    #[arg(long, value_name = "DAYS")]
    keep_daily: Option<usize>,
    /// Keep besides the newest of each of so many weeks.
    #[arg(long, value_name = "WEEKS")]
    keep_weekly: Option<usize>,
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let keep = Keep { daily: args.keep_daily, weekly: args.keep_weekly };
    let mut worst = 0;
    if let Some(into) = &args.places.into {
        worst = worst.max(folder(args, into, keep, stores)?);
    }
    if let Some(repository) = &args.places.restic {
        worst = worst.max(restic(&Restic { repository }, keep, stores)?);
    }
    for school in stores.unopened().values() {
        println!("{}: not backed up: {}. Keep the backups that there are.", school.slug, school.words);
        worst = worst.max(NOT_ALL);
    }
    Ok(ExitCode::from(worst))
}

fn folder(args: &Args, into: &Path, keep: Keep, stores: &Stores) -> Result<u8, StoreError> {
    if !into.is_dir() {
        // Making it would save into the mount point of a disk that is not there.
        return Err(StoreError::Refused(format!(
            "there is no folder {}: is the disk there and mounted? Nothing was backed up",
            into.display()
        )));
    }
    let made = backup::make(stores, into)?;
    let safe = args.elsewhere || backup::another_file_system(stores, &made.folder);
    made.note(safe)?;
    println!("{} files were copied to {} and read back.", made.sums.len(), made.folder.display());
    if safe {
        println!("Kiosks may let go of what it holds after 30 days.");
    } else {
        println!(
            "It lies on the same disk as the data, so it does not count: kiosks keep everything. Name a folder on another \
             disk, or say --elsewhere if it is copied to another machine."
        );
    }
    let sealed = about_keys(&made);
    // What a crash left goes in any case; whole ones only where that was asked for.
    match retention::tidy(into, keep) {
        Ok(gone) => gone.iter().for_each(|path| println!("Removed {}.", path.display())),
        Err(error) => {
            println!("Old backups could not be removed: {error}");
            return Ok(NOT_TIDIED);
        }
    }
    Ok(if safe && sealed { 0 } else { NOT_ALL })
}

fn restic(restic: &Restic<'_>, keep: Keep, stores: &Stores) -> Result<u8, StoreError> {
    // Beside the data, and gone afterwards: restic reads whole files.
    let staging = stores.dir().join("backup-staging");
    if staging.exists() {
        std::fs::remove_dir_all(&staging).map_err(StoreError::file(&staging))?;
    }
    std::fs::create_dir(&staging).map_err(StoreError::file(&staging))?;
    let saved = backup::make(stores, &staging).and_then(|made| {
        let snapshot = restic.save(&made.folder, &made.sums)?;
        made.note(true)?;
        println!(
            "{} files are in the repository as snapshot {snapshot}, and were read back out of it.",
            made.sums.len()
        );
        println!("Kiosks may let go of what it holds after 30 days.");
        Ok(about_keys(&made))
    });
    std::fs::remove_dir_all(&staging).map_err(StoreError::file(&staging))?;
    let sealed = saved?;
    if !keep.all()
        && let Err(error) = restic.forget(keep)
    {
        println!("Old snapshots could not be removed: {error}");
        return Ok(NOT_TIDIED);
    }
    Ok(if sealed { 0 } else { NOT_ALL })
}

fn about_keys(made: &Made) -> bool {
    if made.sealed {
        println!("The server's keys are in it, sealed: only the recovery key on paper opens them.");
    } else {
        println!(
            "The server's keys are NOT in it: there is no recovery key yet. Make one with `rollbook-server recovery-key new`. \
             Without it a restored server is a stranger to its kiosks."
        );
    }
    made.sealed
}
