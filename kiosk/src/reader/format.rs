//! What the bits of a Wiegand frame mean: which are parity, which the facility, which the card.
//!
//! Must never: give a number for a frame whose parity is wrong.

use crate::core::CardNumber;
use shared::text::Text;

/// Bits of a frame from one to another, both included, counted from 0 in the order in which they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: u8,
    /// The last.
    pub to: u8,
}

/// A parity bit, and the bits that it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parity {
    /// Where it stands.
    pub bit: u8,
    /// What it is over, without itself.
    pub over: Span,
}

/// How the number of a card is written, so that it is the same from another reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Number {
    /// The facility, then the card, each as many digits as its largest has: `090` and `00324`.
    #[default]
    FacilityCard,
    /// The card alone.
    Card,
    /// Everything from the facility's first bit to the card's last as one number of ten digits, as most USB readers type it.
    Whole,
}

/// The format of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    bits: u8,
    even: Parity,
    odd: Parity,
    facility: Span,
    card: Span,
    /// How the number is written.
    pub number: Number,
}

/// Why a format is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFormat {
    /// So many bits cannot be told from a keypad's, or are more than a frame holds.
    #[error("a frame of {0} bits: between 20 and 64 are possible")]
    Bits(u8),
    /// Bits that the frame does not have, or in the wrong order.
    #[error("{what} stands at bits {from} to {to}, but the frame has bits 0 to {last}, and the first comes first")]
    Outside {
        /// What.
        what: &'static str,
        /// From.
        from: u8,
        /// To.
        to: u8,
        /// The last bit of the frame.
        last: u8,
    },
    /// More digits than a card's number may have.
    #[error("facility and card have {0} digits together: at most 20 are possible")]
    Digits(usize),
}

impl Format {
    /// 26 bits, H10301.
    pub const W26: Self = Self {
        bits: 26,
        even: Parity { bit: 0, over: Span { from: 1, to: 12 } },
        odd: Parity { bit: 25, over: Span { from: 13, to: 24 } },
        facility: Span { from: 1, to: 8 },
        card: Span { from: 9, to: 24 },
        number: Number::FacilityCard,
    };
    /// 34 bits, H10306.
    pub const W34: Self = Self {
        bits: 34,
        even: Parity { bit: 0, over: Span { from: 1, to: 16 } },
        odd: Parity { bit: 33, over: Span { from: 17, to: 32 } },
        facility: Span { from: 1, to: 16 },
        card: Span { from: 17, to: 32 },
        number: Number::FacilityCard,
    };

    /// A vendor's own.
    ///
    /// # Errors
    /// [`NoFormat`], in words for whoever wrote it down.
    pub fn custom(bits: u8, even: Parity, odd: Parity, facility: Span, card: Span) -> Result<Self, NoFormat> {
        if !(20..=64).contains(&bits) {
            return Err(NoFormat::Bits(bits));
        }
        let last = bits - 1;
        let lone = |bit| Span { from: bit, to: bit };
        for (what, span) in [
            ("the even parity", lone(even.bit)),
            ("what the even parity is over", even.over),
            ("the odd parity", lone(odd.bit)),
            ("what the odd parity is over", odd.over),
            ("the facility", facility),
            ("the card", card),
        ] {
            if span.from > span.to || span.to > last {
                return Err(NoFormat::Outside { what, from: span.from, to: span.to, last });
            }
        }
        let digits = digits(facility) + digits(card);
        if digits > 20 {
            return Err(NoFormat::Digits(digits));
        }
        Ok(Self { bits, even, odd, facility, card, number: Number::default() })
    }

    /// Bits of a frame.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// The number of the card, if both parities are right. The first bit sent is the highest.
    #[must_use]
    pub fn number(&self, frame: u128) -> Option<CardNumber> {
        let bit = |n: u8| self.part(frame, Span { from: n, to: n });
        let sum = |p: Parity| (u128::from(self.part(frame, p.over).count_ones()) + bit(p.bit)) % 2;
        if sum(self.even) != 0 || sum(self.odd) != 1 {
            return None;
        }
        let written = |span: Span| format!("{:0width$}", self.part(frame, span), width = digits(span));
        let text = match self.number {
            Number::FacilityCard => written(self.facility) + &written(self.card),
            Number::Card => written(self.card),
            Number::Whole => {
                let span =
                    Span { from: self.facility.from.min(self.card.from), to: self.facility.to.max(self.card.to) };
                format!("{:010}", self.part(frame, span))
            }
        };
        Text::new(&text).ok().map(CardNumber)
    }

    fn part(&self, frame: u128, span: Span) -> u128 {
        let width = u32::from(span.to - span.from) + 1;
        let above = u32::from(self.bits - 1 - span.to);
        frame >> above & ((1_u128 << width) - 1)
    }
}

/// Digits of the largest number of so many bits.
fn digits(span: Span) -> usize {
    let width = u32::from(span.to.saturating_sub(span.from)) + 1;
    ((1_u128 << width) - 1).to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(format: Format, bits: &str) -> Option<String> {
        format.number(u128::from_str_radix(bits, 2).unwrap()).map(|n| n.0.to_string())
    }

    #[test]
    fn one_card_three_ways() {
        let bits = "00101101000000001010001000";
        assert_eq!(number(Format::W26, bits).as_deref(), Some("09000324"));
        assert_eq!(number(Format { number: Number::Card, ..Format::W26 }, bits).as_deref(), Some("00324"));
        // 90 · 65536 + 324
        assert_eq!(number(Format { number: Number::Whole, ..Format::W26 }, bits).as_deref(), Some("0005898564"));
    }

    #[test]
    fn thirty_four_bits() {
        // Facility 40000 (five ones: the parity before it is 1), card 65535 (sixteen ones: the parity after it is 1).
        let data = format!("{:016b}{:016b}", 40_000, 65_535);
        let even = data[..16].matches('1').count() % 2;
        let bits = format!("{even}{data}1");
        assert_eq!(number(Format::W34, &bits).as_deref(), Some("4000065535"));
        let wrong = format!("{}{data}1", 1 - even);
        assert_eq!(number(Format::W34, &wrong), None);
    }

    #[test]
    fn a_custom_format_equal_to_the_standard_reads_the_same_and_a_wrong_one_is_refused_in_words() {
        let (even, odd) = (Format::W26.even, Format::W26.odd);
        let (facility, card) = (Format::W26.facility, Format::W26.card);
        assert_eq!(Format::custom(26, even, odd, facility, card), Ok(Format::W26));
        assert_eq!(Format::custom(8, even, odd, facility, card), Err(NoFormat::Bits(8)));
        let wrong = Format::custom(26, even, odd, facility, Span { from: 9, to: 26 }).unwrap_err().to_string();
        assert_eq!(wrong, "the card stands at bits 9 to 26, but the frame has bits 0 to 25, and the first comes first");
        let backwards = Format::custom(26, even, odd, Span { from: 8, to: 1 }, card);
        assert!(matches!(backwards, Err(NoFormat::Outside { what: "the facility", .. })));
        let wide = Format::custom(64, even, odd, Span { from: 0, to: 35 }, Span { from: 28, to: 63 });
        assert_eq!(wide, Err(NoFormat::Digits(22)));
    }
}
