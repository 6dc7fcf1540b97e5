//! A USB reader that types like a keyboard: digits, fast, and Enter.
//!
//! A finger is slower than a reader, so digits with a pause between them are not a card. (The window takes them from the
//! key events that nothing on the screen wants; a grab of the device itself comes with the Pi.)
//!
//! Must never: take a key for a card that a person pressed, or hold digits longer than the pause.

use crate::core::CardNumber;
use shared::text::Text;
use shared::time::Mono;

/// The longest pause between two keys of a reader (milliseconds).
const PAUSE_MS: i64 = 100;
/// The fewest digits of a card.
const FEWEST: usize = 4;
/// The most digits of a card.
const MOST: usize = 20;

/// Makes card numbers of keys.
#[derive(Default)]
pub struct Decoder {
    digits: String,
    last: Option<Mono>,
}

impl Decoder {
    /// One key, as its character (Enter is a line break), and when it was pressed. A whole card, if this was its end.
    pub fn key(&mut self, key: char, at: Mono) -> Option<CardNumber> {
        let paused = self.last.is_some_and(|last| at.0.saturating_sub(last.0) > PAUSE_MS);
        if paused {
            self.digits.clear();
        }
        self.last = Some(at);
        match key {
            '0'..='9' if self.digits.len() < MOST => {
                self.digits.push(key);
                None
            }
            '\n' | '\r' => {
                let digits = std::mem::take(&mut self.digits);
                if digits.len() < FEWEST { None } else { Text::new(&digits).ok().map(CardNumber) }
            }
            _ => {
                self.digits.clear();
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str, gap: i64) -> Vec<String> {
        let mut decoder = Decoder::default();
        let at = |i: usize| Mono(1_000 + gap * i64::try_from(i).unwrap());
        keys.chars().enumerate().filter_map(|(i, key)| decoder.key(key, at(i))).map(|n| n.0.to_string()).collect()
    }

    #[test]
    fn a_reader_is_understood_two_cards_in_a_row() {
        assert_eq!(typed("0004711\n12345678\r", 5), ["0004711", "12345678"]);
    }

    #[test]
    fn a_person_at_a_keyboard_is_not_a_card() {
        assert!(typed("0004711\n", 150).is_empty());
        assert!(typed("47\n", 5).is_empty(), "too few digits");
        assert!(typed("0004711", 5).is_empty(), "no end");
    }

    #[test]
    fn other_keys_begin_anew_and_a_stuck_key_is_no_card() {
        assert_eq!(typed("12a00047110\n", 5), ["00047110"]);
        assert!(typed(&format!("{}\n", "7".repeat(21)), 5).is_empty());
    }

    #[test]
    fn digits_after_a_pause_are_forgotten() {
        let mut decoder = Decoder::default();
        for key in "1234".chars() {
            assert!(decoder.key(key, Mono(0)).is_none());
        }
        assert!(decoder.key('\n', Mono(500)).is_none());
        for key in "5678".chars() {
            decoder.key(key, Mono(600));
        }
        assert_eq!(decoder.key('\n', Mono(600)).unwrap().0.as_str(), "5678");
    }
}
