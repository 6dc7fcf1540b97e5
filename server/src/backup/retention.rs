//! Which old backups are kept: the newest of each of the last days, and of each of the last weeks.
//!
//! Must never: remove the newest, or anything that is not a finished backup of ours.

use super::{NAME, PARTIAL, manifest};
use crate::store::StoreError;
use chrono::{Datelike, NaiveDateTime};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many are kept. Nothing is removed while both are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Of so many days that have a backup, the newest of each.
    pub daily: Option<usize>,
    /// Of so many weeks that have a backup, the newest of each.
    pub weekly: Option<usize>,
}

impl Keep {
    /// Whether anything is to be removed at all.
    #[must_use]
    pub const fn all(self) -> bool {
        self.daily.is_none() && self.weekly.is_none()
    }
}

/// Removes the backups in `folder` that need not be kept, and what a crash left of unfinished ones. Says which.
///
/// # Errors
/// When the folder cannot be read, or one cannot be removed.
pub fn tidy(folder: &Path, keep: Keep) -> Result<Vec<PathBuf>, StoreError> {
    let mut whole = Vec::new();
    let mut gone = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(StoreError::file(folder))? {
        let path = entry.map_err(StoreError::file(folder))?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        if let Some(name) = name.strip_suffix(PARTIAL) {
            if when(name).is_some() {
                gone.push(path);
            }
        } else if let Some(at) = when(name)
            && path.join(manifest::NAME).is_file()
        {
            whole.push((at, path));
        }
    }
    whole.sort();
    let kept = kept(&whole.iter().map(|(at, _)| *at).collect::<Vec<_>>(), keep);
    gone.extend(whole.into_iter().filter(|(at, _)| !kept.contains(at)).map(|(_, path)| path));
    for path in &gone {
        std::fs::remove_dir_all(path).map_err(StoreError::file(path))?;
    }
    Ok(gone)
}

fn when(name: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(name, NAME).ok()
}

/// Those to keep, of backups in the order of time.
fn kept(all: &[NaiveDateTime], keep: Keep) -> BTreeSet<NaiveDateTime> {
    if keep.all() {
        return all.iter().copied().collect();
    }
    let mut kept: BTreeSet<NaiveDateTime> = all.last().copied().into_iter().collect();
    newest_of(all, keep.daily.unwrap_or(0), |at| (at.date().year(), at.date().ordinal()), &mut kept);
    newest_of(
        all,
        keep.weekly.unwrap_or(0),
        |at| (at.date().iso_week().year(), at.date().iso_week().week()),
        &mut kept,
    );
    kept
}

fn newest_of(
    all: &[NaiveDateTime],
    most: usize,
    span: impl Fn(&NaiveDateTime) -> (i32, u32),
    kept: &mut BTreeSet<NaiveDateTime>,
) {
    let mut seen = BTreeSet::new();
    for at in all.iter().rev() {
        if seen.len() < most && seen.insert(span(at)) {
            kept.insert(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_day_and_week_stays() {
        let all: Vec<_> = (1..=30)
            .flat_map(|day| [9, 16].map(|hour| when(&format!("rollbook-202611{day:02}T{hour:02}0000Z")).unwrap()))
            .collect();
        let days = |keep| kept(&all, keep).into_iter().map(|at| at.format("%d-%H").to_string()).collect::<Vec<_>>();
        assert_eq!(days(Keep { daily: Some(3), weekly: None }), ["28-16", "29-16", "30-16"]);
        // 30 November 2026 is a Monday; Sundays end the weeks before.
        assert_eq!(days(Keep { daily: Some(2), weekly: Some(3) }), ["22-16", "29-16", "30-16"]);
        assert_eq!(days(Keep { daily: Some(0), weekly: None }), ["30-16"], "the newest always stays");
        assert_eq!(kept(&all, Keep::default()).len(), 60, "nothing goes unless it is asked for");
    }

    #[test]
    fn only_finished_backups_of_ours_are_removed() {
        let folder = crate::testing::folder();
        let at = folder.path();
        for name in ["rollbook-20261101T090000Z", "rollbook-20261102T090000Z", "rollbook-mine", "holidays"] {
            std::fs::create_dir(at.join(name)).unwrap();
            std::fs::write(at.join(name).join(manifest::NAME), "").unwrap();
        }
        std::fs::create_dir(at.join("rollbook-20261001T090000Z")).unwrap(); // no manifest: somebody else's
        std::fs::create_dir(at.join("rollbook-20261103T090000Z.partial")).unwrap();
        let gone = tidy(at, Keep { daily: Some(1), weekly: None }).unwrap();
        let mut names: Vec<_> = gone.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["rollbook-20261101T090000Z", "rollbook-20261103T090000Z.partial"]);
        assert_eq!(std::fs::read_dir(at).unwrap().count(), 4);
    }
}
