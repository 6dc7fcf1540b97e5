//! A backup into a restic repository (Debian's package `restic`): encrypted, deduplicated, on another machine or in a cloud.
//!
//! The repository and its password come from restic's own environment (`RESTIC_PASSWORD_FILE` and the like).
//!
//! Must never: take restic's word that a backup is good. Every file is read back out of the repository and summed.

use super::manifest::{self, Sums};
use super::retention::Keep;
use crate::store::StoreError;
use std::path::Path;
use std::process::{Command, Stdio};

/// Marks our snapshots among others in the same repository.
const TAG: &str = "rollbook";

/// A repository.
pub struct Restic<'a> {
    /// As restic names it: a folder, `sftp:host:/path`, `rest:https://…`.
    pub repository: &'a str,
}

impl Restic<'_> {
    /// Saves a folder as one snapshot, and reads every file of it back. Says which snapshot.
    ///
    /// # Errors
    /// When restic is not there, refuses, or gives back something else.
    pub fn save(&self, folder: &Path, sums: &Sums) -> Result<String, StoreError> {
        let said = self.run(self.command(&["backup", "--json", "--tag", TAG]).arg(".").current_dir(folder))?;
        let snapshot = said
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find(|line| line["message_type"] == "summary")
            .and_then(|line| line["snapshot_id"].as_str().map(ToOwned::to_owned))
            .ok_or_else(|| StoreError::Refused("restic did not say which snapshot it made".to_owned()))?;
        let manifest_sum = manifest::sum(&folder.join(manifest::NAME))?;
        for (name, sum) in sums.iter().map(|(n, s)| (n.as_str(), s)).chain([(manifest::NAME, &manifest_sum)]) {
            if self.sum(&snapshot, name)? != *sum {
                return Err(StoreError::Refused(format!(
                    "restic gives {name} back with another content than it was given: the repository is damaged"
                )));
            }
        }
        Ok(snapshot)
    }

    /// Lets restic forget old snapshots of ours.
    ///
    /// # Errors
    /// As for [`Restic::save`].
    pub fn forget(&self, keep: Keep) -> Result<(), StoreError> {
        let mut command =
            self.command(&["forget", "--quiet", "--prune", "--tag", TAG, "--group-by", "tags", "--keep-last", "1"]);
        for (option, number) in [("--keep-daily", keep.daily), ("--keep-weekly", keep.weekly)] {
            if let Some(number) = number.filter(|n| *n > 0) {
                command.arg(option).arg(number.to_string());
            }
        }
        self.run(&mut command).map(drop)
    }

    /// sha256 of one file as the repository has it.
    fn sum(&self, snapshot: &str, name: &str) -> Result<String, StoreError> {
        let mut child = self
            .command(&["dump", "--quiet", snapshot, &format!("/{name}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(missing)?;
        let out = child.stdout.take().ok_or(StoreError::Corrupt { what: "restic's answer" })?;
        let sum = manifest::sum_of(out).map_err(|e| StoreError::Refused(format!("restic's answer: {e}")))?;
        let done = child.wait_with_output().map_err(missing)?;
        if done.status.success() { Ok(sum) } else { Err(refused(&done.stderr)) }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("restic");
        command.arg("--repo").arg(self.repository).args(args).stdin(Stdio::null());
        command
    }

    fn run(&self, command: &mut Command) -> Result<String, StoreError> {
        let done = command.output().map_err(missing)?;
        if !done.status.success() {
            return Err(refused(&done.stderr));
        }
        String::from_utf8(done.stdout).map_err(|_| StoreError::Corrupt { what: "restic's answer" })
    }
}

fn missing(error: std::io::Error) -> StoreError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return StoreError::Refused("restic is not installed: `apt-get install restic`".to_owned());
    }
    StoreError::Refused(format!("restic cannot be run: {error}"))
}

fn refused(said: &[u8]) -> StoreError {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing").to_owned();
    StoreError::Refused(format!("restic refuses: {line}"))
}
