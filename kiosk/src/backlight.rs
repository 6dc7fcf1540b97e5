//! The brightness of the panel's backlight, as the kernel shows it: a folder of `/sys/class/backlight` with two small files.
//! Named in kiosk.toml; where none is named, or the file cannot be written, the screen is only dark.
//!
//! Must never: be a reason for the kiosk to stop. A program that was killed at night leaves the panel dim until it starts again.

use crate::core::{Glow, Screen, glow};
use crate::hub::Front;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `[backlight]` of kiosk.toml, as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The folder, as `/sys/class/backlight/10-0045`.
    pub path: PathBuf,
    /// By day, in hundredths of what the panel can do.
    #[serde(default = "day")]
    pub day: u8,
    /// While the screen rests.
    #[serde(default = "night")]
    pub night: u8,
}

const fn day() -> u8 {
    100
}
const fn night() -> u8 {
    10
}

impl Written {
    /// What cannot be, in words for whoever wrote it.
    ///
    /// # Errors
    /// A day that cannot be read, or a share over a hundred.
    pub fn checked(self) -> Result<Self, &'static str> {
        match (self.day, self.night) {
            (1..=100, 0..=100) => Ok(self),
            (1..=100, _) => Err("[backlight] night is a share of a hundred, from 0 to 100"),
            _ => Err("[backlight] day is a share of a hundred, from 1 to 100"),
        }
    }
}

impl Written {
    /// The first panel that the kernel shows, this bright by day; none where it shows none.
    #[must_use]
    pub fn first(day: u8) -> Option<Self> {
        let mut panels: Vec<PathBuf> =
            std::fs::read_dir("/sys/class/backlight").ok()?.filter_map(|panel| Some(panel.ok()?.path())).collect();
        panels.sort();
        Some(Self { path: panels.into_iter().next()?, day, night: night().min(day) })
    }
}

/// The panel. When it goes, it is bright.
pub struct Backlight {
    file: PathBuf,
    day: u64,
    night: u64,
    now: Option<Glow>,
}

impl Backlight {
    /// Looks at the panel; nothing where there is none, which is told once.
    #[must_use]
    pub fn find(written: &Written) -> Option<Self> {
        let most = match read(&written.path.join("max_brightness")) {
            Ok(most) => most,
            Err(why) => {
                tracing::warn!(path = %written.path.display(), %why, "no backlight is there; the screen stays as bright as it is");
                return None;
            }
        };
        let share = |of: u8| most.saturating_mul(u64::from(of)) / 100;
        Some(Self {
            file: written.path.join("brightness"),
            day: share(written.day).max(1),
            night: share(written.night),
            now: None,
        })
    }

    /// As bright as this screen should be.
    pub fn follow(&mut self, screen: &Screen) {
        self.set(glow(screen));
    }

    fn set(&mut self, glow: Glow) {
        if self.now == Some(glow) {
            return;
        }
        // Said once for each change, not at each tick: the next one tries again.
        self.now = Some(glow);
        let level = match glow {
            Glow::Full => self.day,
            Glow::Dim => self.night,
        };
        if let Err(why) = std::fs::write(&self.file, level.to_string()) {
            tracing::warn!(path = %self.file.display(), %why, "the backlight cannot be set");
        }
    }

    /// A front that sets the backlight before it shows a screen.
    #[must_use]
    pub fn before(mut self, front: Front) -> Front {
        let Front { mut on_screen, on_heard } = front;
        let on_screen = Box::new(move |screen: &Screen, look| {
            self.follow(screen);
            on_screen(screen, look);
        });
        Front { on_screen, on_heard }
    }
}

impl Drop for Backlight {
    fn drop(&mut self) {
        self.set(Glow::Full);
    }
}

fn read(file: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    text.trim().parse().map_err(|_| format!("{:?} is no number", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::screen::{Message, Resting};

    fn resting() -> Screen {
        Screen::Resting(Resting { clock: String::new(), date: String::new(), words: String::new(), place: 0 })
    }
    fn busy() -> Screen {
        let word = String::new;
        Screen::Message(Message { title: word(), words: word(), button: word(), clock: word() })
    }
    /// A folder as the kernel has it, of a panel with 255 steps.
    fn panel() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("max_brightness"), "255\n").unwrap();
        std::fs::write(dir.path().join("brightness"), "200\n").unwrap();
        dir
    }
    fn level(dir: &tempfile::TempDir) -> String {
        std::fs::read_to_string(dir.path().join("brightness")).unwrap()
    }

    #[test]
    fn a_panel_is_dim_while_the_screen_rests_and_bright_in_the_end() {
        let dir = panel();
        let mut light = Backlight::find(&Written { path: dir.path().into(), day: 80, night: 10 }).unwrap();
        assert_eq!(level(&dir), "200\n", "nothing is done before there is a screen");
        light.follow(&busy());
        assert_eq!(level(&dir), "204");
        light.follow(&resting());
        assert_eq!(level(&dir), "25");
        std::fs::write(dir.path().join("brightness"), "7").unwrap();
        light.follow(&resting());
        assert_eq!(level(&dir), "7", "not written again and again");
        drop(light);
        assert_eq!(level(&dir), "204");
    }

    #[test]
    fn the_front_shows_its_screens_all_the_same() {
        let dir = panel();
        let light = Backlight::find(&Written { path: dir.path().into(), day: 100, night: 0 }).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let front =
            Front { on_screen: Box::new(move |s, _| tell.send(s.clone()).unwrap()), on_heard: Box::new(|_| {}) };
        let mut front = light.before(front);
        (front.on_screen)(&resting(), crate::core::Look::default());
        assert_eq!((told.recv().unwrap(), level(&dir).as_str()), (resting(), "0"));
        std::fs::remove_dir_all(dir.path()).unwrap();
        (front.on_screen)(&busy(), crate::core::Look::default());
        assert_eq!(told.recv().unwrap(), busy(), "a panel that went away stops nothing");
    }

    #[test]
    fn where_there_is_none_nothing_is_done() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Backlight::find(&Written { path: dir.path().join("none"), day: 100, night: 10 }).is_none());
        std::fs::write(dir.path().join("max_brightness"), "bright").unwrap();
        assert!(Backlight::find(&Written { path: dir.path().into(), day: 100, night: 10 }).is_none());
    }
}
