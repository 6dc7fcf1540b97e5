//! What the person who set up this kiosk decided: a small `kiosk.toml`, overridden by flags.
//!
//! Must never: hold a secret. The device token lives in the store.

use crate::backlight;
use crate::core::OwnLook;
use crate::enrol::Door;
use crate::reader::settings as reader;
use crate::setup::Setup;
use crate::sound;
use serde::Deserialize;
use shared::wire::v1::Palette;
use std::path::{Path, PathBuf};

/// Where a configuration is looked for when no `--config` is given.
pub const USUAL_PLACE: &str = "/etc/rollbook/kiosk.toml";
/// Where the store lives when nobody says otherwise.
pub const USUAL_DATA: &str = "/var/lib/rollbook-kiosk";

/// `kiosk.toml`. Every line may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The folder of the store.
    pub data: Option<PathBuf>,
    /// The server, as `https://rollbook.school.example:8443`.
    pub server: Option<String>,
    /// Whether the window fills the screen.
    pub fullscreen: Option<bool>,
    /// The colours of this kiosk, whatever the school chose: "light", "dark" or "contrast".
    pub colours: Option<Palette>,
    /// Larger letters on this kiosk, whatever the school chose.
    pub large_text: Option<bool>,
    /// The panel's backlight, to be dimmed while the screen rests.
    pub backlight: Option<backlight::Written>,
    /// The sounds, if the kiosk should make any.
    pub sound: Option<sound::Written>,
    /// The card reader.
    pub reader: Option<toml::Spanned<reader::Written>>,
}

/// What holds after flags and file are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The folder of the store.
    pub data: PathBuf,
    /// The server given by hand. An enrolled kiosk remembers its own.
    pub server: Option<Door>,
    /// Whether the window fills the screen.
    pub fullscreen: bool,
    /// How this one kiosk looks.
    pub look: OwnLook,
    /// The panel's backlight, if one was named.
    pub backlight: Option<backlight::Written>,
    /// The sounds, if any were named.
    pub sound: Option<sound::Written>,
    /// The card reader, if one was named. Without one, a reader that types is heard by the window alone.
    pub reader: Option<reader::Settings>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named cannot be read.
    #[error("cannot read {path}: {source}. Name another with --config, or leave --config out")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The accident.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error(
        "{path}: {why}. The lines that may stand there are data, server, fullscreen, colours and large_text, and the \
         parts [reader], [backlight] and [sound]"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// toml's words, with the line.
        why: String,
    },
    /// The reader cannot be as it is written.
    #[error("{path}, {wrong}")]
    Reader {
        /// The file.
        path: PathBuf,
        /// What, with the line.
        wrong: reader::Wrong,
    },
    /// An address that is not one.
    #[error("{0:?} is not a server's address: expected https://name:port")]
    NotAServer(String),
}

impl Config {
    /// Flags first, then the file, then the usual places.
    ///
    /// # Errors
    /// [`ConfigError`], in words for whoever set up the kiosk.
    pub fn load(file: Option<&Path>, data: Option<PathBuf>, server: Option<String>) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(USUAL_PLACE));
        let text = match read(path) {
            Err(error) if file.is_some() => return Err(error),
            read => read.unwrap_or_default(),
        };
        let read = parse(path, &text)?;
        let reader = read.reader.map(|written| reader::settings(written, &text)).transpose();
        let reader = reader.map_err(|wrong| ConfigError::Reader { path: path.to_owned(), wrong })?;
        let malformed = |why: &str| ConfigError::Malformed { path: path.to_owned(), why: why.to_owned() };
        let backlight = read.backlight.map(backlight::Written::checked).transpose().map_err(malformed)?;
        let server = match server.or(read.server) {
            Some(text) => Some(Door::from(server_address(&text)?)),
            None => None,
        };
        Ok(Self {
            data: data.or(read.data).unwrap_or_else(|| PathBuf::from(USUAL_DATA)),
            server,
            fullscreen: read.fullscreen.unwrap_or(false),
            look: OwnLook { palette: read.colours, large: read.large_text },
            backlight,
            sound: read.sound,
            reader,
        })
    }

    /// With what stands on the kiosk's card: it goes before the file, and a server given by hand before both.
    #[must_use]
    pub fn with(self, card: Setup) -> Self {
        let look =
            OwnLook { palette: card.look.palette.or(self.look.palette), large: card.look.large.or(self.look.large) };
        let by_card = |day: u8| backlight::Written::first(day);
        Self {
            server: self.server.or(Some(card.door)),
            look,
            backlight: self.backlight.or_else(|| card.brightness.and_then(by_card)),
            reader: card.reader.or(self.reader),
            ..self
        }
    }
}

/// Checks a server's address and drops a closing slash.
///
/// # Errors
/// [`ConfigError::NotAServer`] for anything but https without a path.
pub fn server_address(text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::NotAServer(text.to_owned());
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    if url.scheme() != "https" || !url.has_host() || url.path() != "/" || url.query().is_some() {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

fn parse(path: &Path, text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|why| ConfigError::Malformed { path: path.to_owned(), why: why.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kiosk.toml");
        std::fs::write(&path, "data = \"/srv/kiosk\"\nserver = \"https://a.example:8443/\"\n").unwrap();
        let from_file = Config::load(Some(&path), None, None).unwrap();
        assert_eq!(from_file.data, PathBuf::from("/srv/kiosk"));
        assert_eq!(from_file.server.unwrap().server, "https://a.example:8443");
        let flags = Config::load(Some(&path), Some("/tmp/k".into()), Some("https://b.example".into())).unwrap();
        assert_eq!(flags.data, PathBuf::from("/tmp/k"));
        assert_eq!(flags.server.unwrap().server, "https://b.example");
    }

    #[test]
    fn a_kiosk_may_look_otherwise_than_the_school_chose() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kiosk.toml");
        std::fs::write(&path, "colours = \"contrast\"\n").unwrap();
        let own = Config::load(Some(&path), None, None).unwrap().look;
        let school = crate::core::Look { palette: Palette::Dark, large: true };
        assert_eq!(own.over(school), crate::core::Look { palette: Palette::Contrast, large: true });
        std::fs::write(&path, "colours = \"blue\"\n").unwrap();
        let told = Config::load(Some(&path), None, None).unwrap_err().to_string();
        assert!(told.contains("contrast"), "{told}");
    }

    #[test]
    fn a_reader_that_cannot_be_is_told_with_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kiosk.toml");
        std::fs::write(&path, "[reader]\nkind = \"wiegand\"\nd0 = 17\nd1 = 17\n").unwrap();
        let told = Config::load(Some(&path), None, None).unwrap_err().to_string();
        assert!(told.contains("kiosk.toml, line 4: d0 and d1 are both pin 17"), "{told}");
        std::fs::write(&path, "[reader]\nkind = \"keyboard\"\nvendor = 0x08ff\nproduct = 0x0009\n").unwrap();
        let config = Config::load(Some(&path), None, None).unwrap();
        assert_eq!(config.reader, Some(reader::Settings::Keyboard { vendor: 0x08ff, product: 9 }));
    }

    #[test]
    fn a_backlight_has_a_day_and_a_night_and_sounds_are_commands() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kiosk.toml");
        std::fs::write(&path, "[backlight]\npath = \"/sys/class/backlight/10-0045\"\nnight = 5\n").unwrap();
        let backlight = Config::load(Some(&path), None, None).unwrap().backlight.unwrap();
        assert_eq!((backlight.day, backlight.night), (100, 5));
        std::fs::write(&path, "[sound]\ngood = [\"aplay\", \"-q\", \"good.wav\"]\n").unwrap();
        let sound = Config::load(Some(&path), None, None).unwrap().sound.unwrap();
        assert_eq!((sound.good.len(), sound.low.len()), (3, 0));
        std::fs::write(&path, "[backlight]\npath = \"/sys/class/backlight/10-0045\"\nday = 0\n").unwrap();
        let told = Config::load(Some(&path), None, None).unwrap_err().to_string();
        assert!(told.contains("day is a share of a hundred"), "{told}");
    }

    #[test]
    fn a_misspelt_line_and_a_plain_http_server_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kiosk.toml");
        std::fs::write(&path, "sever = \"https://a.example\"\n").unwrap();
        let told = Config::load(Some(&path), None, None).unwrap_err().to_string();
        assert!(told.contains("sever") && told.contains("kiosk.toml"), "{told}");
        for bad in ["http://a.example", "a.example", "https://a.example/path"] {
            assert!(server_address(bad).is_err(), "{bad}");
        }
    }
}
