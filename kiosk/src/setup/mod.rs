//! `rollbook.toml`: what IT wrote on a kiosk's card, on the partition that any computer can edit. Read by the kiosk at every
//! start, and by `rollbook-kiosk setup`, which sets up the machine.
//!
//! Must never: guess at a value, or say that something is wrong without its line.

pub mod apply;
pub mod network;
mod values;

use crate::config::server_address;
use crate::core::OwnLook;
use crate::enrol::Door;
use crate::reader::settings as reader;
use network::{Address, Wifi};
use serde::Deserialize;
use shared::text::{Name, Text};
use shared::wire::v1::{EnrolWish, Mode, Palette};
use std::path::Path;
use toml::Spanned;

/// The file's name, as screens say it.
pub const FILE: &str = "rollbook.toml";

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    server: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    room: Option<Spanned<String>>,
    kind: Option<Spanned<String>>,
    #[serde(default)]
    classes: Vec<Spanned<String>>,
    code: Option<Spanned<String>>,
    time: Option<Spanned<String>>,
    colours: Option<Palette>,
    large_text: Option<bool>,
    screen: Option<Screen>,
    wifi: Option<Spanned<network::WrittenWifi>>,
    ethernet: Option<Spanned<network::WrittenAddress>>,
    reader: Option<Spanned<reader::Written>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Screen {
    rotation: Option<Spanned<i64>>,
    brightness: Option<Spanned<i64>>,
    cage: Option<Spanned<bool>>,
}

/// What the card says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The server, and its key if that stands there.
    pub door: Door,
    /// Where the machine asks for the time, beside the server.
    pub time: Option<String>,
    /// How this one kiosk looks.
    pub look: OwnLook,
    /// How the panel hangs.
    pub rotation: Rotation,
    /// How bright the panel is by day, in hundredths.
    pub brightness: Option<u8>,
    /// The kiosk is shown by the compositor cage, for a screen that it cannot drive itself.
    pub cage: bool,
    /// The wireless network.
    pub wifi: Option<Wifi>,
    /// An address of its own on the cable; else the network gives one.
    pub ethernet: Option<Address>,
    /// The card reader.
    pub reader: Option<reader::Settings>,
}

/// By how much the picture is turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// Not at all.
    #[default]
    None,
    /// A quarter.
    Quarter,
    /// On its head.
    Half,
    /// Three quarters.
    ThreeQuarters,
}

impl Rotation {
    /// In degrees.
    #[must_use]
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }
}

/// What is wrong with the card, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Wrong {
    /// The line, from 1; none where it is a line that is missing.
    pub line: Option<usize>,
    /// What, in words.
    pub what: String,
}

/// Reads the file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Setup, Vec<Wrong>> {
    let bytes = std::fs::read(path).map_err(|error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => "the file is not on the card".to_owned(),
            _ => format!("the file cannot be read ({error})"),
        };
        vec![Wrong { line: None, what }]
    })?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let what = "a letter here is not written in UTF-8: save the file as UTF-8".to_owned();
            return Err(vec![Wrong { line: Some(before + 1), what }]);
        }
    };
    read(&text)
}

/// Reads the text of the file.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines; one thing only where it is no TOML at all.
pub fn read(text: &str) -> Result<Setup, Vec<Wrong>> {
    // An editor on Windows puts a mark before the first letter.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written: Written = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| reader::line_of(text, span.start));
        vec![Wrong { line, what: error.message().trim().replace('\n', ", ") }]
    })?;
    let mut sieve = values::Sieve::new(text);
    let setup = checked(written, text, &mut sieve);
    sieve.end().map(|()| setup)
}

fn checked(w: Written, text: &str, sieve: &mut values::Sieve<'_>) -> Setup {
    let server = match &w.server {
        None => sieve.missing("there is no line `server = \"https://…\"`"),
        Some(at) => sieve.keep(at, |text| {
            server_address(text).map_err(|_| format!("{text:?} is not a server's address: write https://name:port"))
        }),
    };
    let known = w.key.as_ref().and_then(|at| sieve.keep(at, |text| values::fingerprint(text)));
    let room: Option<Name> = w.room.as_ref().and_then(|at| sieve.keep(at, |text| values::name(text, "the room")));
    let mode = w.kind.as_ref().and_then(|at| sieve.keep(at, |text| values::kind(text)));
    let classes = w.classes.iter().filter_map(|at| sieve.keep(at, |text| values::name(text, "a class"))).collect();
    let code: Option<Text<40>> = w.code.as_ref().and_then(|at| sieve.keep(at, |text| values::code(text)));
    if let Some(at) = &w.code {
        if w.key.is_none() {
            sieve.wrong(
                at,
                "a code for a whole box is told to a server only that is known by its `key`: write that too",
            );
        }
        if w.room.is_none() {
            sieve.wrong(at, "a kiosk that enrols by a code needs to know its `room`");
        }
        if mode.unwrap_or(Mode::Classroom) == Mode::Classroom && w.classes.is_empty() && w.kind.is_none() {
            sieve.wrong(at, "a kiosk that enrols by a code needs its `classes`, or another `kind` than a classroom");
        }
    }
    let screen = w.screen.unwrap_or_default();
    let rotation = screen.rotation.as_ref().and_then(|at| sieve.keep(at, |degrees| values::rotation(*degrees)));
    let brightness = screen.brightness.as_ref().and_then(|at| sieve.keep(at, |share| values::brightness(*share)));
    let cage = screen.cage.as_ref().is_some_and(|at| *at.get_ref());
    if let Some(at) = screen.cage.as_ref().filter(|_| cage && rotation.is_some_and(|r| r != Rotation::None)) {
        sieve.wrong(at, "cage cannot turn the picture: leave `rotation` out");
    }
    let time = w.time.as_ref().and_then(|at| sieve.keep(at, |text| values::host(text)));
    let wifi = w.wifi.and_then(|at| sieve.keep(&at, network::wifi));
    let ethernet = w.ethernet.and_then(|at| sieve.keep(&at, network::address));
    let reader = w.reader.and_then(|at| match reader::settings(at, text) {
        Ok(settings) => Some(settings),
        Err(reader::Wrong { line, what }) => sieve.at_line(line, what),
    });
    let wish = EnrolWish { room, mode, classes, code };
    Setup {
        door: Door { server: server.unwrap_or_default(), known, wish: Some(wish) },
        time,
        look: OwnLook { palette: w.colours, large: w.large_text },
        rotation: rotation.unwrap_or_default(),
        brightness,
        cage,
        wifi,
        ethernet,
        reader,
    }
}

/// What a screen says of a card that is wrong: at most this many lines.
const SAID: usize = 4;

/// The mistakes as a screen has them: "rollbook.toml, line 3: …".
#[must_use]
pub fn told(wrong: &[Wrong]) -> Vec<String> {
    let mut lines: Vec<String> = wrong
        .iter()
        .take(SAID)
        .map(|w| match w.line {
            Some(_) => format!("{FILE}, {w}"),
            None => format!("{FILE}: {w}"),
        })
        .collect();
    match wrong.len().saturating_sub(SAID) {
        0 => {}
        more => lines.push(format!("and {more} more")),
    }
    lines
}

#[cfg(test)]
mod tests;
