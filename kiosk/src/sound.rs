//! Two sounds, for a school that wants them: commands named in kiosk.toml, run one after the other on a thread of their own.
//! Where none is named the kiosk is silent: everything it says stands on the screen.
//!
//! Must never: be waited for, or be a reason for the kiosk to stop.

use crate::core::Beep;
use crate::hub::{Front, Heard};
use serde::Deserialize;
use std::process::{Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};

/// `[sound]` of kiosk.toml: a program and what it is given, as `["aplay", "-q", "/usr/share/sounds/good.wav"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// It worked.
    #[serde(default)]
    pub good: Vec<String>,
    /// It did not; calm.
    #[serde(default)]
    pub low: Vec<String>,
}

/// Plays what is asked for.
pub struct Sound(SyncSender<Beep>);

impl Sound {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn new(written: Written) -> std::io::Result<Self> {
        // One may wait: a card held twice makes no queue of sounds.
        let (play, asked) = sync_channel(1);
        std::thread::Builder::new().name("sound".into()).spawn(move || {
            for beep in asked {
                let words = match beep {
                    Beep::Good => &written.good,
                    Beep::Low => &written.low,
                };
                if let Some((program, given)) = words.split_first() {
                    sound(program, given);
                }
            }
        })?;
        Ok(Self(play))
    }

    /// A front that is heard, too.
    #[must_use]
    pub fn beside(self, front: Front) -> Front {
        let Front { on_screen, mut on_heard } = front;
        let on_heard = Box::new(move |heard: Heard| {
            if let Heard::Beep(beep) = heard {
                // Another one plays and one waits: this one is not missed.
                let _ = self.0.try_send(beep);
            }
            on_heard(heard);
        });
        Front { on_screen, on_heard }
    }
}

fn sound(program: &str, given: &[String]) {
    let played =
        Command::new(program).args(given).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match played {
        Ok(end) if end.success() => {}
        Ok(end) => tracing::warn!(program, %end, "the sound did not play"),
        Err(why) => tracing::warn!(program, %why, "the sound did not play"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    fn says(word: &str, file: &std::path::Path) -> Vec<String> {
        ["sh", "-c", &format!("echo {word} >> {}", file.display())].map(String::from).to_vec()
    }

    #[test]
    fn each_sound_is_the_command_that_was_named_and_the_front_hears_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("heard");
        // A pipe opens for the reader only once somebody writes: no need to look again and again.
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        let (tell, told) = channel();
        let on_heard = Box::new(move |heard| tell.send(matches!(heard, Heard::Beep(_))).unwrap());
        let front = Front { on_screen: Box::new(|_, _| {}), on_heard };
        let written = Written { good: says("good", &file), low: says("low", &file) };
        let mut front = Sound::new(written).unwrap().beside(front);
        for (beep, word) in [(Beep::Good, "good\n"), (Beep::Low, "low\n")] {
            (front.on_heard)(Heard::Beep(beep));
            assert!(told.recv_timeout(Duration::from_secs(60)).unwrap());
            assert_eq!(std::fs::read_to_string(&file).unwrap(), word);
        }
    }

    #[test]
    fn a_command_that_is_not_there_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("heard");
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        let written = Written { good: vec!["/no/such/program".into()], low: says("low", &file) };
        let mut front = Sound::new(written).unwrap().beside(Front::none());
        (front.on_heard)(Heard::Beep(Beep::Good));
        (front.on_heard)(Heard::Revoked);
        // The next one is still played, once the first has come to nothing.
        let (tell, told) = channel();
        let read = file.clone();
        std::thread::spawn(move || tell.send(std::fs::read_to_string(read).unwrap()));
        let heard = std::iter::from_fn(|| {
            (front.on_heard)(Heard::Beep(Beep::Low));
            Some(told.recv_timeout(Duration::from_millis(100)))
        });
        let heard = heard.take(600).find_map(Result::ok).unwrap();
        assert!(heard.starts_with("low\n"), "{heard}");
    }
}
