//! The sum of a page: eight bytes at its end, so that a byte that changed on the disk is found wherever it lies.
//!
//! SQLite by itself notices what breaks its trees. It does not notice another letter in a name, nor anything in the
//! space that a page does not use. Each page of our files ends with the CRC-32 of its number and its content, and four
//! letters that say so. CRC-32 finds every change within four bytes next to each other, always, and anything else but
//! once in four thousand million. It keeps out accidents, not people: somebody who changes a file on purpose can write the
//! sum as well. Against them stand the chains and what the kiosks keep.
//!
//! Must never: change its reckoning. Files that exist carry these sums.

/// Bytes at the end of each page that are the sum's.
pub const BYTES: usize = 8;
/// Says that the sum before it is one of ours.
const MARK: [u8; 4] = *b"RBS1";
/// What every SQLite file begins with.
pub const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The sum of page `number` (the first is 1), whose content are all of its bytes but the last eight.
#[must_use]
pub fn of(number: u32, content: &[u8]) -> [u8; BYTES] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&number.to_be_bytes());
    crc.update(content);
    let [a, b, c, d] = crc.finalize().to_be_bytes();
    let [e, f, g, h] = MARK;
    [a, b, c, d, e, f, g, h]
}

/// Whether a page is as it was written. A page of zeros was never written: SQLite made room for it and has not used it.
#[must_use]
pub fn sound(number: u32, page: &[u8]) -> bool {
    let Some((content, sum)) = page.split_last_chunk::<BYTES>() else { return false };
    of(number, content) == *sum || page.iter().all(|byte| *byte == 0)
}

/// What the first 100 bytes of a file say: its page size, and whether its pages carry sums. None: not an SQLite file.
#[must_use]
pub fn header(first: &[u8]) -> Option<(usize, bool)> {
    if first.get(..16)? != MAGIC {
        return None;
    }
    let size = match u16::from_be_bytes([*first.get(16)?, *first.get(17)?]) {
        1 => 65_536,
        size => usize::from(size),
    };
    (size.is_power_of_two() && size >= 512).then_some((size, usize::from(*first.get(20)?) == BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_reckoning_is_frozen() {
        // Computed apart from this program, with Python's zlib.crc32.
        assert_eq!(of(1, b"a page"), *b"\x72\xda\xf9\x05RBS1");
        assert!(sound(7, &[0; 512]), "a page that was never written");
        assert!(!sound(7, &[1; 512]) && !sound(7, b"short"));
    }

    proptest! {
        #[test]
        fn every_changed_byte_and_every_misplaced_page_is_found(
            number in 1..1000_u32, content in prop::collection::vec(any::<u8>(), 504), at in 0..512_usize, flip in 1..=255_u8,
        ) {
            let mut page = content.clone();
            page.extend(of(number, &content));
            prop_assert!(sound(number, &page));
            prop_assert!(!sound(number + 1, &page) || content.iter().all(|b| *b == 0));
            page[at] ^= flip;
            prop_assert!(!sound(number, &page));
        }
    }
}
