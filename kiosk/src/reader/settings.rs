//! `[reader]` of `kiosk.toml`: which reader hangs on this kiosk, and how it speaks.
//!
//! Must never: take a value that it does not understand, or say that something is wrong without the line.

use super::format::{Format, NoFormat, Number, Parity, Span};
use super::wiegand::Timing;
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

/// `[reader]` as it is written. What may stand there is in `docs/READERS.md`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// What it is.
    pub kind: Kind,
    /// Keyboard: its vendor, as `0x08ff`.
    pub vendor: Option<u16>,
    /// Keyboard: its product.
    pub product: Option<u16>,
    /// Wiegand: the pin of D0: the number of the GPIO, not of the pin on the header.
    pub d0: Option<Spanned<u32>>,
    /// Wiegand: the pin of D1.
    pub d1: Option<Spanned<u32>>,
    /// Wiegand: how the pins are reached.
    #[serde(default)]
    pub pins: Pins,
    /// Wiegand: the chip, for the character device.
    pub chip: Option<PathBuf>,
    /// Wiegand: `26`, `34` or `custom`.
    #[serde(default)]
    pub format: Named,
    /// Wiegand: how the number is written.
    #[serde(default)]
    pub number: Digits,
    /// Wiegand: silence that ends a frame.
    pub timeout_ms: Option<Spanned<u64>>,
    /// Wiegand with `custom`: what its bits mean.
    pub custom: Option<Spanned<Custom>>,
}

/// What a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A USB reader that types like a keyboard.
    Keyboard,
    /// A Wiegand reader on two pins.
    Wiegand,
}

/// How the pins are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pins {
    /// By /dev/gpiomem where it is, else by the character device.
    #[default]
    Auto,
    /// By the GPIO character device of the kernel.
    Chip,
    /// By /dev/gpiomem, as on Raspberry Pi OS.
    Gpiomem,
}

/// A format by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Named {
    /// 26 bits.
    #[default]
    #[serde(rename = "26")]
    W26,
    /// 34 bits.
    #[serde(rename = "34")]
    W34,
    /// As written under `custom`.
    #[serde(rename = "custom")]
    Custom,
}

/// [`Number`] by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digits {
    /// [`Number::FacilityCard`].
    #[default]
    FacilityCard,
    /// [`Number::Card`].
    Card,
    /// [`Number::Whole`].
    Whole,
}

/// A format of a vendor's own. Bits are counted from 0 in the order in which they are sent; `[from, to]` with both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custom {
    /// Bits of a frame.
    pub bits: u8,
    /// The even parity bit.
    pub even: u8,
    /// What it is over.
    pub even_over: [u8; 2],
    /// The odd parity bit.
    pub odd: u8,
    /// What it is over.
    pub odd_over: [u8; 2],
    /// The facility.
    pub facility: [u8; 2],
    /// The card.
    pub card: [u8; 2],
}

/// The reader that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    /// A USB reader that types like a keyboard.
    Keyboard {
        /// Its vendor.
        vendor: u16,
        /// Its product.
        product: u16,
    },
    /// A Wiegand reader.
    Wiegand(Wiegand),
}

/// A Wiegand reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wiegand {
    /// The pin of D0.
    pub d0: u32,
    /// The pin of D1.
    pub d1: u32,
    /// How the pins are reached.
    pub pins: Pins,
    /// The chip, for the character device.
    pub chip: PathBuf,
    /// What its frames mean.
    pub format: Format,
    /// How it speaks.
    pub timing: Timing,
}

/// What is wrong, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Wrong {
    /// The line, from 1.
    pub line: usize,
    /// What, in words.
    pub what: String,
}

/// The line of a byte of a text, from 1.
#[must_use]
pub fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

/// Checks what is written in `text`.
///
/// # Errors
/// [`Wrong`], with the line.
pub fn settings(written: Spanned<Written>, text: &str) -> Result<Settings, Wrong> {
    let begins = written.span().start;
    let wrong = |at: usize, what: String| Wrong { line: line_of(text, at), what };
    let written = written.into_inner();
    match written.kind {
        Kind::Keyboard => match (written.vendor, written.product) {
            (Some(vendor), Some(product)) => Ok(Settings::Keyboard { vendor, product }),
            _ => {
                let what =
                    "a keyboard reader has a vendor and a product: `rollbook-kiosk readers` lists them".to_owned();
                Err(wrong(begins, what))
            }
        },
        Kind::Wiegand => wiegand(written, begins, &wrong).map(Settings::Wiegand),
    }
}

fn wiegand(w: Written, begins: usize, wrong: &dyn Fn(usize, String) -> Wrong) -> Result<Wiegand, Wrong> {
    let (Some(d0), Some(d1)) = (w.d0, w.d1) else {
        return Err(wrong(begins, "a Wiegand reader hangs on two pins: say d0 and d1".to_owned()));
    };
    if d0.get_ref() == d1.get_ref() {
        let what = format!("d0 and d1 are both pin {}: they are two lines", d1.get_ref());
        return Err(wrong(d1.span().start, what));
    }
    let mut timing = Timing::default();
    if let Some(ms) = w.timeout_ms {
        if !(5..=500).contains(ms.get_ref()) {
            let what = format!("timeout_ms is {}: between 5 and 500 are possible, 25 to 50 are usual", ms.get_ref());
            return Err(wrong(ms.span().start, what));
        }
        timing.silence_us = ms.get_ref() * 1000;
    }
    let mut format = match (w.format, w.custom) {
        (Named::W26, None) => Format::W26,
        (Named::W34, None) => Format::W34,
        (Named::Custom, Some(custom)) => {
            own(custom.get_ref()).map_err(|no| wrong(custom.span().start, no.to_string()))?
        }
        (Named::Custom, None) => {
            return Err(wrong(begins, "format is \"custom\": say what its bits mean in [reader.custom]".to_owned()));
        }
        (_, Some(custom)) => {
            let what = "[reader.custom] holds for format = \"custom\" only".to_owned();
            return Err(wrong(custom.span().start, what));
        }
    };
    format.number = match w.number {
        Digits::FacilityCard => Number::FacilityCard,
        Digits::Card => Number::Card,
        Digits::Whole => Number::Whole,
    };
    let chip = w.chip.unwrap_or_else(|| PathBuf::from("/dev/gpiochip0"));
    Ok(Wiegand { d0: d0.into_inner(), d1: d1.into_inner(), pins: w.pins, chip, format, timing })
}

fn own(c: &Custom) -> Result<Format, NoFormat> {
    let span = |[from, to]: [u8; 2]| Span { from, to };
    Format::custom(
        c.bits,
        Parity { bit: c.even, over: span(c.even_over) },
        Parity { bit: c.odd, over: span(c.odd_over) },
        span(c.facility),
        span(c.card),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        reader: Spanned<Written>,
    }

    fn read(text: &str) -> Result<Settings, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        settings(file.reader, text).map_err(|w| w.to_string())
    }

    #[test]
    fn a_usb_reader_and_a_wiegand_reader() {
        let usb = read("[reader]\nkind = \"keyboard\"\nvendor = 0x08ff\nproduct = 0x0009\n");
        assert_eq!(usb, Ok(Settings::Keyboard { vendor: 0x08ff, product: 9 }));
        let Ok(Settings::Wiegand(w)) = read("[reader]\nkind = \"wiegand\"\nd0 = 23\nd1 = 24\n") else { panic!() };
        assert_eq!((w.d0, w.d1, w.pins, w.format), (23, 24, Pins::Auto, Format::W26));
        let full = "[reader]\nkind = \"wiegand\"\nd0 = 5\nd1 = 6\npins = \"chip\"\nchip = \"/dev/gpiochip4\"\n\
                    format = \"custom\"\nnumber = \"whole\"\ntimeout_ms = 50\n[reader.custom]\nbits = 37\neven = 0\n\
                    even_over = [1, 18]\nodd = 36\nodd_over = [18, 35]\nfacility = [1, 16]\ncard = [17, 35]\n";
        let Ok(Settings::Wiegand(w)) = read(full) else { panic!("{:?}", read(full)) };
        assert_eq!((w.format.bits(), w.timing.silence_us, w.chip.to_str()), (37, 50_000, Some("/dev/gpiochip4")));
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let told = |text: &str| read(text).expect_err("wrong");
        let same = told("# the door\n[reader]\nkind = \"wiegand\"\nd0 = 23\nd1 = 23\n");
        assert_eq!(same, "line 5: d0 and d1 are both pin 23: they are two lines");
        let long = told("[reader]\nkind = \"wiegand\"\nd0 = 23\nd1 = 24\ntimeout_ms = 9000\n");
        assert!(long.starts_with("line 5: timeout_ms is 9000"), "{long}");
        let card = told(
            "[reader]\nkind = \"wiegand\"\nd0 = 1\nd1 = 2\nformat = \"custom\"\n\n[reader.custom]\nbits = 26\neven = 0\n\
             even_over = [1, 12]\nodd = 25\nodd_over = [13, 24]\nfacility = [1, 8]\ncard = [9, 30]\n",
        );
        assert!(card.starts_with("line 7: the card stands at bits 9 to 30"), "{card}");
        let none = told("[reader]\nkind = \"wiegand\"\nd0 = 1\nd1 = 2\nformat = \"custom\"\n");
        assert!(none.contains("[reader.custom]"), "{none}");
        // What toml itself finds names the line too.
        let kind = told("[reader]\nkind = \"magic\"\n");
        assert!(kind.contains("line") && kind.contains("magic"), "{kind}");
        let spelt = told("[reader]\nkind = \"keyboard\"\nvendor = 1\nprodukt = 2\n");
        assert!(spelt.contains("produkt"), "{spelt}");
    }
}
