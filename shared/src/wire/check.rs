//! The check words of an enrolment: shown by the kiosk and by the office page, to be compared by a person.
//!
//! The kiosk commits to its nonce before it learns anything, so somebody in the middle has one try in 16,777,216, and
//! cannot search for a key of their own that gives the same words.
//!
//! Must never: be taken from the code alone (they bind the server's key as the kiosk saw it), or change: kiosks and
//! servers of different versions must show the same words.

use crate::log::Hash;
use sha2::{Digest, Sha256};

/// The three words, as `maple-otter-lamp`, for this server key, nonce and code. `pin` is the sha256 of the server's
/// public key (SPKI, DER): on the kiosk the one it met, on the server its own. The first three bytes of
/// sha256("rollbook-check-1" ‖ pin ‖ nonce ‖ code) choose them.
#[must_use]
pub fn check_word(pin: Hash, nonce: &[u8; 32], code: &str) -> String {
    let mut h = Sha256::new();
    h.update(b"rollbook-check-1");
    h.update(pin.0);
    h.update(nonce);
    h.update(code.as_bytes());
    let hash = h.finalize();
    hash.iter().take(3).map(|byte| WORDS[usize::from(*byte)]).collect::<Vec<_>>().join("-")
}

/// Short, calm, and hard to take for each other. A byte chooses one.
#[rustfmt::skip]
const WORDS: [&str; 256] = [
    "acorn", "alder", "almond", "amber", "anchor", "apple", "apron", "arch", "arrow", "ash", "aspen", "autumn",
    "badge", "bagel", "bamboo", "banjo", "barley", "barn", "basil", "basket", "bay", "beach", "beam", "bean",
    "bear", "beaver", "beech", "bell", "bench", "berry", "birch", "bird", "bison", "blanket", "bloom", "blue",
    "boat", "book", "bottle", "bowl", "branch", "bread", "breeze", "brick", "bridge", "brook", "broom",
    "brush", "bucket", "button", "cabin", "cactus", "cake", "camel", "candle", "canoe", "canvas", "carpet",
    "carrot", "castle", "cat", "cedar", "chair", "chalk", "cherry", "chess", "clay", "cliff", "clock", "cloud",
    "clover", "coast", "coat", "cocoa", "copper", "coral", "corn", "cotton", "crayon", "cream", "crown", "cup",
    "curtain", "daisy", "dawn", "deer", "desk", "dolphin", "donkey", "door", "dove", "drum", "duck", "dune",
    "eagle", "easel", "egg", "elk", "elm", "fern", "ferry", "field", "fig", "finch", "flag", "flask", "flint",
    "flower", "flute", "forest", "fox", "frog", "garden", "gate", "ginger", "glass", "globe", "glove", "goat",
    "goose", "grape", "grass", "green", "guitar", "harbour", "harp", "hat", "hawk", "hazel", "heron", "hill",
    "hive", "honey", "horse", "house", "ivy", "jacket", "jar", "jay", "jelly", "jigsaw", "jug", "juniper",
    "kettle", "key", "kite", "kitten", "ladder", "lake", "lamb", "lamp", "lantern", "larch", "lark", "leaf",
    "lemon", "lily", "lime", "linen", "lion", "maple", "marble", "meadow", "melon", "mint", "mitten", "moon",
    "moss", "mouse", "mug", "nest", "nut", "oak", "oats", "olive", "onion", "orange", "orchard", "otter",
    "owl", "paddle", "paint", "panda", "paper", "park", "parrot", "path", "peach", "pear", "pearl", "pebble",
    "pencil", "piano", "pillow", "pine", "plum", "pocket", "pond", "pony", "poppy", "puffin", "pumpkin",
    "quilt", "rabbit", "radish", "rain", "raven", "reed", "ribbon", "river", "robin", "rose", "ruler",
    "saddle", "sail", "sand", "scarf", "seal", "shell", "silver", "sky", "snow", "sparrow", "spoon", "spruce",
    "squirrel", "star", "stone", "stream", "sugar", "summer", "sun", "swan", "table", "teapot", "thyme",
    "tiger", "tile", "toast", "tomato", "tower", "train", "tulip", "turnip", "turtle", "violin", "wagon",
    "walnut", "water", "wheat", "willow", "window", "winter", "wool", "wren", "zebra",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_bind_key_nonce_and_code() {
        let words = check_word(Hash([1; 32]), &[2; 32], "K7QX-4M2P");
        assert_eq!(words, "clover-guitar-ginger", "frozen: an older kiosk must show the same");
        assert_ne!(words, check_word(Hash([3; 32]), &[2; 32], "K7QX-4M2P"));
        assert_ne!(words, check_word(Hash([1; 32]), &[4; 32], "K7QX-4M2P"));
        assert_ne!(words, check_word(Hash([1; 32]), &[2; 32], "K7QX-4M2Q"));
    }

    #[test]
    fn the_list_is_of_short_words_in_order_without_doubles() {
        assert!(WORDS.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(WORDS.iter().all(|w| (2..=8).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase())));
    }
}
