//! The values of `rollbook.toml`, one by one, and the sieve that gathers what is wrong with them.
//!
//! Must never: stop at the first mistake.

use super::{Rotation, Wrong};
use crate::reader::settings::line_of;
use shared::log::Hash;
use shared::text::{Name, Text};
use shared::wire::v1::Mode;
use toml::Spanned;

/// Gathers what is wrong.
pub(super) struct Sieve<'t> {
    text: &'t str,
    wrong: Vec<Wrong>,
}

impl<'t> Sieve<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, wrong: Vec::new() }
    }

    /// The value, or a mistake with its line.
    pub(super) fn keep<W, V>(&mut self, at: &Spanned<W>, check: impl Fn(&W) -> Result<V, String>) -> Option<V> {
        match check(at.get_ref()) {
            Ok(value) => Some(value),
            Err(what) => self.at_line(line_of(self.text, at.span().start), what),
        }
    }

    /// A mistake at the line of this value.
    pub(super) fn wrong<W>(&mut self, at: &Spanned<W>, what: &str) {
        let _: Option<()> = self.at_line(line_of(self.text, at.span().start), what.to_owned());
    }

    /// A mistake at this line.
    pub(super) fn at_line<V>(&mut self, line: usize, what: String) -> Option<V> {
        self.wrong.push(Wrong { line: Some(line), what });
        None
    }

    /// Something that must be there.
    pub(super) fn missing<V>(&mut self, what: &str) -> Option<V> {
        self.wrong.push(Wrong { line: None, what: what.to_owned() });
        None
    }

    pub(super) fn end(mut self) -> Result<(), Vec<Wrong>> {
        self.wrong.sort_by_key(|w| w.line);
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }
}

pub(super) fn fingerprint(text: &str) -> Result<Hash, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect();
    crate::hex::bytes::<32>(&digits).map(Hash).ok_or_else(|| {
        format!("the key's fingerprint has 64 digits from 0 to 9 and a to f; here are {}", digits.chars().count())
    })
}

pub(super) fn name(text: &str, whose: &str) -> Result<Name, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{whose} has no name"));
    }
    Name::new(text).map_err(|_| format!("the name of {whose} is too long, or holds a control character"))
}

pub(super) fn kind(text: &str) -> Result<Mode, String> {
    match text {
        "classroom" => Ok(Mode::Classroom),
        "reception" => Ok(Mode::Reception),
        "roll call" | "roll_call" => Ok(Mode::RollCall),
        _ => Err(format!("a kiosk's kind is \"classroom\", \"reception\" or \"roll call\", not {text:?}")),
    }
}

pub(super) fn code(text: &str) -> Result<Text<40>, String> {
    let letters = text.chars().filter(char::is_ascii_alphanumeric).count();
    let other = text.chars().any(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | ' '));
    if letters != 16 || other {
        return Err("a code for a whole box has 16 letters and digits, as the office page Kiosks showed it".to_owned());
    }
    Text::new(text).map_err(|_| "the code is too long".to_owned())
}

pub(super) fn rotation(degrees: i64) -> Result<Rotation, String> {
    match degrees {
        0 => Ok(Rotation::None),
        90 => Ok(Rotation::Quarter),
        180 => Ok(Rotation::Half),
        270 => Ok(Rotation::ThreeQuarters),
        _ => Err(format!("the picture is turned by 0, 90, 180 or 270 degrees, not by {degrees}")),
    }
}

pub(super) fn brightness(share: i64) -> Result<u8, String> {
    let wrong = || format!("brightness is a share of a hundred, from 5 to 100; here stands {share}");
    u8::try_from(share).ok().filter(|b| (5..=100).contains(b)).ok_or_else(wrong)
}

/// A name or an address, as a line of a file of another program may hold it.
pub(super) fn host(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'));
    if fits { Ok(text.to_owned()) } else { Err(format!("{text:?} is not the name of a machine")) }
}
