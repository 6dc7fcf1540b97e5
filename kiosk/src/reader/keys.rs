//! The places of keys as the kernel counts them, and the digit that stands there on every reader.
//!
//! Must never: know a layout. A reader's digits are where they are on an English keyboard, whatever the system was set to.

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Went down.
    Down,
    /// Went up, or repeats while it is held.
    Other,
}

impl Press {
    /// From the value of the kernel's event: 1 down, 0 up, 2 repeats.
    #[must_use]
    pub const fn of(value: i32) -> Self {
        if value == 1 { Self::Down } else { Self::Other }
    }
}

/// What a key types for a reader: a digit, a line break for Enter, and for any other something that is no digit. Nothing for a
/// key that goes up, repeats, or only shifts others.
#[must_use]
pub const fn digit(code: u16, press: Press) -> Option<char> {
    if matches!(press, Press::Other) {
        return None;
    }
    Some(match code {
        2 | 79 => '1',
        3 | 80 => '2',
        4 | 81 => '3',
        5 | 75 => '4',
        6 | 76 => '5',
        7 | 77 => '6',
        8 | 71 => '7',
        9 | 72 => '8',
        10 | 73 => '9',
        11 | 82 => '0',
        28 | 96 => '\n',
        // Shift, control, alt, the locks: some readers press one between digits.
        29 | 42 | 54 | 56 | 58 | 69 | 97 | 100 => return None,
        _ => '?',
    })
}

#[cfg(test)]
mod tests {
    use super::super::keyboard::Decoder;
    use super::*;
    use shared::time::Mono;

    /// The events of a reader as `evtest` showed them: code and value, a millisecond apart.
    fn typed(events: &[(u16, i32)]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let keys = events.iter().filter_map(|(code, value)| digit(*code, Press::of(*value)));
        keys.zip(0..).filter_map(|(key, at)| decoder.key(key, Mono(at))).map(|n| n.0.to_string()).collect()
    }
    fn pressed(codes: &[u16]) -> Vec<(u16, i32)> {
        codes.iter().flat_map(|c| [(*c, 1), (*c, 0)]).collect()
    }

    #[test]
    fn the_row_of_digits_and_the_block_of_digits() {
        assert_eq!(typed(&pressed(&[11, 11, 11, 5, 8, 2, 2, 28])), ["0004711"]);
        assert_eq!(typed(&pressed(&[82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 96])), ["0123456789"]);
    }

    #[test]
    fn a_held_key_types_once_and_a_shift_does_not_disturb() {
        assert_eq!(typed(&[(2, 1), (2, 2), (2, 2), (2, 0), (3, 1), (3, 0), (4, 1), (5, 1), (28, 1)]), ["1234"]);
        assert_eq!(typed(&pressed(&[69, 2, 42, 3, 4, 5, 69, 28])), ["1234"]);
    }

    #[test]
    fn a_letter_begins_anew() {
        assert_eq!(typed(&pressed(&[2, 3, 30, 4, 5, 6, 7, 28])), ["3456"]);
    }
}
