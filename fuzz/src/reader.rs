//! What is done with the edges of a card reader's two wires, whatever hangs at them. The fuzzer calls it with whatever it
//! finds; the tests (`tests/tests/hostile.rs`) with everything in `fuzz/corpus/wiegand`.
//!
//! Must never: take a frame whose bits are not the format's.

use kiosk::reader::format::{Format, Number, Parity, Span};
use kiosk::reader::wiegand::{Decoder, Heard, Timing, replay};

/// The first byte says the format and how numbers are written, 0x80 that eleven bytes of a school's own format follow; the
/// rest are edges.
pub fn wiegand(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let (mut format, edges) = match (kind & 0x80, rest.split_first_chunk::<11>()) {
        (0x80, Some(([bits, e, e1, e2, o, o1, o2, f1, f2, c1, c2], edges))) => {
            let over = |bit: u8, from: u8, to: u8| Parity { bit, over: Span { from, to } };
            let own = Format::custom(
                *bits,
                over(*e, *e1, *e2),
                over(*o, *o1, *o2),
                Span { from: *f1, to: *f2 },
                Span { from: *c1, to: *c2 },
            );
            match own {
                Ok(format) => (format, edges),
                Err(why) => return assert!(!why.to_string().is_empty()),
            }
        }
        _ => (if kind & 1 == 0 { Format::W26 } else { Format::W34 }, rest),
    };
    format.number = match kind & 6 {
        2 => Number::Card,
        4 => Number::Whole,
        _ => Number::FacilityCard,
    };
    let timing = Timing::default();
    let heard = replay(&mut Decoder::new(format, timing), edges);
    assert!(heard.len() <= edges.len() / 3, "{} frames of {} edges", heard.len(), edges.len() / 3);
    for one in &heard {
        if let Heard::Card(card) = one {
            let digits = card.0.as_str();
            assert!(
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
                "a number of {} signs",
                digits.len()
            );
        }
    }
    // The same edges are heard the same again.
    assert!(heard == replay(&mut Decoder::new(format, timing), edges));
}
