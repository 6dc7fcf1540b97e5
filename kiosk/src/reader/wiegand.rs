//! Wiegand: two lines that rest high, a low pulse on the one is a 0, on the other a 1, and silence ends the frame. Edges in,
//! cards out; the pins are elsewhere.
//!
//! Whatever is not one whole frame of the format with both parities right is no card. What was seen instead is told in a
//! word, and never with its bits: a frame may be the digits of somebody's PIN.
//!
//! Must never: guess a bit, take two frames for one, or let digits into a log.

use super::format::Format;
use crate::core::CardNumber;
use std::fmt;

/// The most bits of a frame that are counted.
const MOST: u8 = 128;
/// Frames of these lengths are keys of a keypad.
const KEYS: [u8; 2] = [4, 8];

/// One of the two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A pulse is a 0.
    D0,
    /// A pulse is a 1.
    D1,
}

/// A line went low or high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Which line.
    pub line: Line,
    /// Low now: a pulse begins. False: it ends.
    pub falls: bool,
    /// When, in microseconds of any clock that only goes on.
    pub at_us: u64,
}

/// How a reader speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Silence that ends a frame, in microseconds.
    pub silence_us: u64,
    /// Two pulses nearer than this cannot both be meant, in microseconds.
    pub nearest_us: u64,
}

impl Default for Timing {
    fn default() -> Self {
        // Seen in the field: gaps of 200 µs to 20 ms.
        Self { silence_us: 30_000, nearest_us: 100 }
    }
}

/// What a frame was.
#[derive(Clone, PartialEq, Eq)]
pub enum Heard {
    /// A card.
    Card(CardNumber),
    /// A key of a keypad: dropped.
    Key,
    /// No card.
    Noise(Noise),
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(_) => f.write_str("Card"),
            Self::Key => f.write_str("Key"),
            Self::Noise(noise) => write!(f, "Noise({noise:?})"),
        }
    }
}

/// Why a frame is no card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Noise {
    /// A parity bit does not fit.
    #[error("a frame whose parity is wrong")]
    Parity,
    /// Another number of bits than the format has.
    #[error("a frame of {0} bits")]
    Length(u8),
    /// Both lines were low at once, or nearly so.
    #[error("a frame with both lines at once")]
    Both,
}

/// Makes frames of edges.
#[derive(Debug, Clone)]
pub struct Decoder {
    format: Format,
    timing: Timing,
    bits: u128,
    count: u8,
    both: bool,
    low: [bool; 2],
    last: Option<(Line, u64)>,
}

impl Decoder {
    /// One for readers that speak like this.
    #[must_use]
    pub const fn new(format: Format, timing: Timing) -> Self {
        Self { format, timing, bits: 0, count: 0, both: false, low: [false; 2], last: None }
    }

    /// Takes an edge. What the frame before it was, if the silence before this edge has ended one.
    pub fn edge(&mut self, edge: Edge) -> Option<Heard> {
        let ended = self.silence(edge.at_us);
        let (own, other) = match edge.line {
            Line::D0 => (0, 1),
            Line::D1 => (1, 0),
        };
        if !edge.falls {
            self.low[own] = false;
            return ended;
        }
        let near = self.last.filter(|(_, at)| edge.at_us.saturating_sub(*at) < self.timing.nearest_us);
        if self.low[other] || near.is_some_and(|(line, _)| line != edge.line) {
            self.both = true;
        } else if near.is_some() {
            return ended; // one pulse that bounces
        }
        self.low[own] = true;
        // A time that goes back is no time: the frame then ends a little later.
        let at = self.last.map_or(edge.at_us, |(_, at)| at.max(edge.at_us));
        self.last = Some((edge.line, at));
        self.bits = self.bits << 1 | u128::from(edge.line == Line::D1);
        self.count = self.count.saturating_add(1).min(MOST + 1);
        ended
    }

    /// Nothing came until now. What the frame was, if this much silence has ended one.
    pub fn silence(&mut self, now_us: u64) -> Option<Heard> {
        let (_, last) = self.last?;
        (now_us.saturating_sub(last) > self.timing.silence_us).then(|| self.end())
    }

    /// Whether a frame has begun.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.last.is_some()
    }

    fn end(&mut self) -> Heard {
        let Self { format, timing, bits, count, both, .. } = *self;
        *self = Self::new(format, timing);
        if both {
            return Heard::Noise(Noise::Both);
        }
        if KEYS.contains(&count) {
            return Heard::Key;
        }
        if count != format.bits() {
            return Heard::Noise(Noise::Length(count));
        }
        format.number(bits).map_or(Heard::Noise(Noise::Parity), Heard::Card)
    }
}

/// Edges as a fuzzer or a property makes them, three bytes each: which line and which way, and how much later.
#[must_use]
pub fn replay(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Heard> {
    let mut at_us = 0_u64;
    let mut heard = Vec::new();
    for chunk in bytes.chunks_exact(3) {
        let later = u64::from(u16::from_be_bytes([chunk[1], chunk[2]]));
        at_us += if chunk[0] & 4 == 0 { later } else { later * 64 };
        let line = if chunk[0] & 1 == 0 { Line::D0 } else { Line::D1 };
        heard.extend(decoder.edge(Edge { line, falls: chunk[0] & 2 == 0, at_us }));
    }
    heard.extend(decoder.silence(u64::MAX));
    heard
}

#[cfg(test)]
mod tests {
    use super::super::format::Number;
    use super::*;
    use proptest::prelude::*;

    /// As sent: each bit a pulse of `pulse` µs, `gap` µs from the beginning of one to the beginning of the next.
    fn edges(bits: &str, mut at_us: u64, pulse: u64, gap: u64) -> Vec<Edge> {
        let mut out = Vec::new();
        for bit in bits.bytes() {
            let line = if bit == b'1' { Line::D1 } else { Line::D0 };
            out.push(Edge { line, falls: true, at_us });
            out.push(Edge { line, falls: false, at_us: at_us + pulse });
            at_us += gap;
        }
        out
    }
    fn hear(decoder: &mut Decoder, edges: &[Edge]) -> Vec<Heard> {
        let mut heard: Vec<Heard> = edges.iter().filter_map(|e| decoder.edge(*e)).collect();
        heard.extend(decoder.silence(u64::MAX));
        heard
    }
    fn decoder() -> Decoder {
        Decoder::new(Format::W26, Timing::default())
    }
    fn card(digits: &str) -> Heard {
        Heard::Card(CardNumber(shared::text::Text::new(digits).unwrap()))
    }

    #[test]
    fn the_frames_of_the_standard() {
        for (facility, number, bits) in [
            (0, 0, "00000000000000000000000001"),
            (1, 1, "10000000100000000000000010"),
            (255, 65535, "01111111111111111111111111"),
            (90, 324, "00101101000000001010001000"),
            (91, 1227, "10101101100000100110010111"),
            (14, 711, "10000111000000010110001111"),
        ] {
            // A pulse of no length is how the pins tell one: they ask the kernel for falls only.
            for pulse in [50, 0] {
                let heard = hear(&mut decoder(), &edges(bits, 5, pulse, 2_000));
                assert_eq!(heard, [card(&format!("{facility:03}{number:05}"))], "{bits}");
            }
        }
        for bits in ["10000000000000000000000001", "00000000000000000000000000"] {
            assert_eq!(hear(&mut decoder(), &edges(bits, 5, 50, 2_000)), [Heard::Noise(Noise::Parity)], "{bits}");
        }
    }

    #[test]
    fn keys_are_dropped_and_other_lengths_are_no_cards() {
        assert_eq!(hear(&mut decoder(), &edges("0101", 5, 50, 2_000)), [Heard::Key]);
        assert_eq!(hear(&mut decoder(), &edges("10100101", 5, 50, 2_000)), [Heard::Key]);
        assert_eq!(hear(&mut decoder(), &edges("10100", 5, 50, 2_000)), [Heard::Noise(Noise::Length(5))]);
        let long = "0".repeat(300);
        assert_eq!(hear(&mut decoder(), &edges(&long, 5, 50, 2_000)), [Heard::Noise(Noise::Length(MOST + 1))]);
    }

    #[test]
    fn two_frames_and_the_silence_between() {
        let bits = "00101101000000001010001000";
        let mut two = edges(bits, 5, 50, 20_000);
        two.extend(edges(bits, 5 + 25 * 20_000 + 30_001, 50, 300));
        assert_eq!(hear(&mut decoder(), &two), [card("09000324"), card("09000324")]);
        let mut one = edges(bits, 5, 50, 20_000);
        one.extend(edges(bits, 5 + 25 * 20_000 + 29_000, 50, 300));
        assert_eq!(hear(&mut decoder(), &one), [Heard::Noise(Noise::Length(52))]);
    }

    #[test]
    fn both_lines_at_once_spoil_the_frame_and_not_the_next() {
        let bits = "00101101000000001010001000";
        let mut spoilt = edges(bits, 0, 50, 2_000);
        // While the seventh pulse is low, the other line falls too.
        spoilt.insert(13, Edge { line: Line::D1, falls: true, at_us: 12_020 });
        spoilt.extend(edges(bits, 200_000, 50, 2_000));
        assert_eq!(hear(&mut decoder(), &spoilt), [Heard::Noise(Noise::Both), card("09000324")]);
    }

    #[test]
    fn a_bounce_is_one_pulse_and_a_lost_rising_edge_harms_one_frame_at_most() {
        let bits = "00101101000000001010001000";
        let mut bounced = edges(bits, 0, 80, 2_000);
        bounced.insert(2, Edge { line: Line::D0, falls: true, at_us: 90 });
        assert_eq!(hear(&mut decoder(), &bounced), [card("09000324")]);
        let falling: Vec<Edge> = edges(bits, 0, 50, 2_000).into_iter().filter(|e| e.falls).collect();
        let mut lost = falling;
        lost.extend(edges(bits, 500_000, 50, 2_000));
        let heard = hear(&mut decoder(), &lost);
        assert_eq!(heard.last(), Some(&card("09000324")));
        assert!(!heard[..heard.len() - 1].iter().any(|h| matches!(h, Heard::Card(_)) && *h != card("09000324")));
    }

    #[test]
    fn nothing_of_a_frame_is_shown() {
        assert_eq!(format!("{:?} {:?}", card("09000324"), Heard::Key), "Card Key");
    }

    fn framed(facility: u8, number: u16) -> String {
        let data = format!("{facility:08b}{number:016b}");
        let odd = |part: &str| part.bytes().filter(|b| *b == b'1').count() % 2 == 1;
        format!("{}{data}{}", u8::from(odd(&data[..12])), u8::from(!odd(&data[12..])))
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_what_is_heard(
            facility: u8, number: u16, pulse in 20_u64..=1_000, gaps in proptest::collection::vec(200_u64..=20_000, 26),
        ) {
            let mut at_us = 7;
            let mut sent = Vec::new();
            for (bit, gap) in framed(facility, number).bytes().zip(gaps) {
                let line = if bit == b'1' { Line::D1 } else { Line::D0 };
                sent.push(Edge { line, falls: true, at_us });
                sent.push(Edge { line, falls: false, at_us: at_us + pulse });
                // The gap is from the end of a pulse to the beginning of the next.
                at_us += pulse + gap;
            }
            prop_assert_eq!(hear(&mut decoder(), &sent), [card(&format!("{facility:03}{number:05}"))]);
        }

        #[test]
        fn one_flipped_bit_is_never_another_card(facility: u8, number: u16, at in 0_usize..26) {
            let mut bits: Vec<u8> = framed(facility, number).into_bytes();
            bits[at] ^= 1;
            let bits = String::from_utf8(bits).unwrap();
            prop_assert_eq!(hear(&mut decoder(), &edges(&bits, 3, 50, 1_000)), [Heard::Noise(Noise::Parity)]);
        }

        #[test]
        fn one_lost_or_doubled_bit_is_never_a_card(facility: u8, number: u16, at in 0_usize..26, lost: bool) {
            let mut bits = framed(facility, number);
            if lost { bits.remove(at); } else { bits.insert(at, '1'); }
            let heard = hear(&mut decoder(), &edges(&bits, 3, 50, 1_000));
            prop_assert_eq!(heard, [Heard::Noise(Noise::Length(if lost { 25 } else { 27 }))]);
        }

        #[test]
        fn any_noise_at_all_is_survived_and_the_next_card_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut format = Format::W34;
            format.number = Number::Whole;
            let mut decoder = Decoder::new(format, Timing::default());
            for heard in replay(&mut decoder, &bytes) {
                if let Heard::Card(number) = heard {
                    prop_assert!(number.0.len() <= 20 && number.0.bytes().all(|b| b.is_ascii_digit()));
                }
            }
            prop_assert!(!decoder.is_open());
            let zero = format!("0{}1", "0".repeat(32));
            prop_assert_eq!(hear(&mut decoder, &edges(&zero, 9, 50, 1_000)), [card("0000000000")]);
        }
    }
}
