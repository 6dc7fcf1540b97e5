//! A log: entries numbered 1, 2, 3 … by one writer, chained so that none can be changed, dropped or put in between.
//!
//! The chain links *headers* `{seq, prev, sha256(salt ‖ body)}`. Removal after six years deletes body and salt and
//! keeps the header, so the chain still verifies and the name is gone.
//!
//! Must never: interpret a body. Salts are random and come from the edge.

use crate::id::LogId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256. `Hash::ZERO` stands before the first entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

/// Where a fact stands: its log and its number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The log.
    pub log: LogId,
    /// 1, 2, 3 …
    pub seq: u64,
}

/// Where a re-appended fact stood first, after its kiosk began a new log. The hash makes it sure that it is the same
/// fact: two clones of a card each wrote a different entry under the same number of the same log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// The first log.
    pub log: LogId,
    /// Its number there.
    pub seq: u64,
    /// [`Entry::hash`] of the entry there. A fact is a double if, and only if, an entry with this hash is held too.
    pub hash: Hash,
}

/// The end of a log: the number and hash of its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Number of the last entry; 0 for an empty log.
    pub seq: u64,
    /// Hash of the last entry's header.
    pub hash: Hash,
}

/// 16 random bytes that keep a body from being guessed from its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// One entry as stored and sent. `body` is the exact text that was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Hash of the entry before.
    pub prev: Hash,
    /// Its salt.
    pub salt: Salt,
    /// JSON of an [`crate::observation::Observed`] or [`crate::act::Acted`].
    pub body: String,
}

impl Head {
    /// The head of a log without entries.
    pub const EMPTY: Self = Self { seq: 0, hash: Hash::ZERO };

    /// The entry that follows this head.
    #[must_use]
    pub fn append(&self, salt: Salt, body: String) -> Entry {
        Entry { seq: self.seq + 1, prev: self.hash, salt, body }
    }
}

/// What stays of an entry for ever: its place in the chain, without what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its number.
    pub seq: u64,
    /// Hash of the entry before.
    pub prev: Hash,
    /// sha256(salt ‖ body).
    pub body: Hash,
}

impl Header {
    /// The hash that the next entry names as `prev`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        header_hash(self.seq, self.prev, self.body)
    }
}

/// Where a log is not what its writer wrote, and in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenAt {
    /// An entry is missing, or one was put in between.
    #[error("entry {expected} was expected, entry {found} stands there")]
    Number {
        /// The number that should stand here.
        expected: u64,
        /// The number that does.
        found: u64,
    },
    /// It does not name the entry before it: that one, or this one, was changed.
    #[error("entry {seq} does not follow the one before it")]
    Chain {
        /// The entry.
        seq: u64,
    },
    /// Its body is not the one that was written.
    #[error("the body of entry {seq} is not the one that was written")]
    Body {
        /// The entry.
        seq: u64,
    },
    /// The log ends before the head that is known of it.
    #[error("the log ends at entry {seq}, before its known end")]
    Short {
        /// Its last entry.
        seq: u64,
    },
    /// The log ends otherwise than with the head that is known of it.
    #[error("entry {seq} is not the known end of the log")]
    Head {
        /// The entry that stands there.
        seq: u64,
    },
}

/// Verifies a whole log from its first entry on, and gives its head. Compare that with a head known from elsewhere:
/// a chain by itself cannot show that its end was cut off (see [`verify_to`]).
///
/// # Errors
/// [`BrokenAt`]: the first entry that is wrong.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Head, BrokenAt> {
    entries.into_iter().try_fold(Head::EMPTY, |head, entry| {
        let header = Header { seq: entry.seq, prev: entry.prev, body: entry.body_hash() };
        follow(head, &header)
    })
}

/// Verifies headers, and the bodies that are still there. A body that was removed after six years leaves its header;
/// whether each missing body was removed by a `Removed` fact is for the caller to compare with the list returned.
///
/// # Errors
/// [`BrokenAt`]: the first entry that is wrong.
pub fn verify_headers<'a>(
    entries: impl IntoIterator<Item = (Header, Option<(Salt, &'a str)>)>,
) -> Result<(Head, Vec<u64>), BrokenAt> {
    let mut head = Head::EMPTY;
    let mut removed = Vec::new();
    for (header, content) in entries {
        head = follow(head, &header)?;
        match content {
            None => removed.push(header.seq),
            Some((salt, body)) if body_hash(salt, body) != header.body => {
                return Err(BrokenAt::Body { seq: header.seq });
            }
            Some(_) => {}
        }
    }
    Ok((head, removed))
}

/// Whether a verified head is the one that is known from elsewhere (the server's row, a kiosk's memory).
///
/// # Errors
/// [`BrokenAt::Short`] when the end was cut off, [`BrokenAt::Head`] when the last entry is another.
pub fn verify_to(found: Head, known: Head) -> Result<(), BrokenAt> {
    match found.seq.cmp(&known.seq) {
        std::cmp::Ordering::Less => Err(BrokenAt::Short { seq: found.seq }),
        _ if found == known => Ok(()),
        _ => Err(BrokenAt::Head { seq: found.seq }),
    }
}

fn follow(head: Head, next: &Header) -> Result<Head, BrokenAt> {
    if next.seq != head.seq.wrapping_add(1) {
        return Err(BrokenAt::Number { expected: head.seq.wrapping_add(1), found: next.seq });
    }
    if next.prev != head.hash {
        return Err(BrokenAt::Chain { seq: next.seq });
    }
    Ok(Head { seq: next.seq, hash: next.hash() })
}

fn body_hash(salt: Salt, body: &str) -> Hash {
    let mut h = Sha256::new();
    h.update(salt.0);
    h.update(body.as_bytes());
    Hash(h.finalize().into())
}

impl Entry {
    /// sha256(salt ‖ body): what stays when the body is removed.
    #[must_use]
    pub fn body_hash(&self) -> Hash {
        body_hash(self.salt, &self.body)
    }
    /// The hash of this entry's header, which the next entry names as `prev`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        header_hash(self.seq, self.prev, self.body_hash())
    }
    /// The head of a log that ends with this entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash() }
    }
}

/// sha256("rollbook-entry-1" ‖ seq as 8 big-endian bytes ‖ prev ‖ body hash).
#[must_use]
pub fn header_hash(seq: u64, prev: Hash, body: Hash) -> Hash {
    let mut h = Sha256::new();
    h.update(b"rollbook-entry-1");
    h.update(seq.to_be_bytes());
    h.update(prev.0);
    h.update(body.0);
    Hash(h.finalize().into())
}

impl Hash {
    /// Stands before the first entry.
    pub const ZERO: Self = Self([0; 32]);
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

fn from_hex<const N: usize>(s: &str) -> Option<[u8; N]> {
    if s.len() != N * 2 || !s.is_ascii() {
        return None;
    }
    let mut out = [0; N];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(s.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

impl std::str::FromStr for Hash {
    type Err = crate::id::NotAnId;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        from_hex(s).map(Self).ok_or(crate::id::NotAnId)
    }
}
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({}…)", to_hex(&self.0[..4]))
    }
}
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

macro_rules! as_hex {
    ($($t:ident),+) => {$(
        impl Serialize for $t {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&to_hex(&self.0)) }
        }
        impl<'de> Deserialize<'de> for $t {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                from_hex(&text).map($t).ok_or_else(|| serde::de::Error::custom("wrong number of hexadecimal digits"))
            }
        }
    )+};
}
as_hex!(Hash, Salt);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log_of(bodies: &[&str]) -> Vec<Entry> {
        let mut head = Head::EMPTY;
        bodies
            .iter()
            .enumerate()
            .map(|(n, body)| {
                let entry = head.append(Salt([u8::try_from(n).expect("few"); 16]), (*body).to_owned());
                head = entry.head();
                entry
            })
            .collect()
    }

    #[test]
    fn the_chain_is_frozen() {
        // Computed apart from this program, with Python's hashlib. See docs/PROTOCOL.md.
        let log = log_of(&["one", "two"]);
        assert_eq!(log[0].body_hash().to_string(), "b4e11d330f99c77032854a35c4a4adcb2ef9c5b40a525804497368d0f9716e79");
        assert_eq!(log[0].hash().to_string(), "bdecde3fb472c96b9860ad56bc02a904413d55ffd133026c39e6c202360fb9c8");
        assert_eq!(log[1].prev, log[0].hash());
        assert_eq!(log[1].hash().to_string(), "310a3e38ff9c18570e74435bac4b0cf441ca568614d2616495dc802dc3da68bd");
        assert_eq!(verify(&log), Ok(log[1].head()));
        assert_eq!(verify(&[]), Ok(Head::EMPTY));
    }

    #[test]
    fn a_removed_body_leaves_a_chain_that_still_verifies() {
        let log = log_of(&["one", "two", "three"]);
        let headers = |gone: u64| {
            log.iter().map(move |e| {
                let header = Header { seq: e.seq, prev: e.prev, body: e.body_hash() };
                (header, (e.seq != gone).then_some((e.salt, e.body.as_str())))
            })
        };
        let head = log[2].head();
        assert_eq!(verify_headers(headers(0)), Ok((head, vec![])));
        assert_eq!(verify_headers(headers(2)), Ok((head, vec![2])));
        let changed = headers(0).map(|(h, c)| (h, c.map(|(salt, b)| (salt, if h.seq == 2 { "2" } else { b }))));
        assert_eq!(verify_headers(changed), Err(BrokenAt::Body { seq: 2 }));
        let salted = headers(0).map(|(h, c)| (h, c.map(|(_, b)| (Salt([9; 16]), b))));
        assert_eq!(verify_headers(salted), Err(BrokenAt::Body { seq: 1 }));
    }

    #[test]
    fn a_cut_end_is_found_by_the_known_head() {
        let log = log_of(&["one", "two", "three"]);
        let known = log[2].head();
        let found = verify(&log[..2]).expect("a chain by itself");
        assert_eq!(verify_to(found, known), Err(BrokenAt::Short { seq: 2 }));
        assert_eq!(verify_to(known, known), Ok(()));
        let other = verify(&log_of(&["one", "two", "tree"])).expect("a chain");
        assert_eq!(verify_to(other, known), Err(BrokenAt::Head { seq: 3 }));
    }

    /// One thing done to a log.
    #[derive(Debug, Clone)]
    enum Harm {
        Remove(usize),
        Swap(usize, usize),
        Insert(usize, String),
        Body(usize, String),
        Salt(usize, u8),
        Prev(usize, u8),
        Renumber(usize, u64),
    }

    fn harm() -> impl Strategy<Value = Harm> {
        let at = 0..20_usize;
        prop_oneof![
            at.clone().prop_map(Harm::Remove),
            (at.clone(), at.clone()).prop_map(|(a, b)| Harm::Swap(a, b)),
            (at.clone(), ".*").prop_map(|(a, b)| Harm::Insert(a, b)),
            (at.clone(), ".*").prop_map(|(a, b)| Harm::Body(a, b)),
            (at.clone(), any::<u8>()).prop_map(|(a, b)| Harm::Salt(a, b)),
            (at.clone(), any::<u8>()).prop_map(|(a, b)| Harm::Prev(a, b)),
            (at, any::<u64>()).prop_map(|(a, b)| Harm::Renumber(a, b)),
        ]
    }

    proptest! {
        /// Whatever is changed, dropped, swapped or put in, verification to the known head finds it.
        #[test]
        fn no_harm_goes_unseen(bodies in prop::collection::vec(".{0,12}", 1..20), harm in harm()) {
            let whole = log_of(&bodies.iter().map(String::as_str).collect::<Vec<_>>());
            let known = verify(&whole).expect("as written");
            let mut log = whole.clone();
            let pick = |at: usize| at % whole.len();
            match harm {
                Harm::Remove(at) => drop(log.remove(pick(at))),
                Harm::Swap(a, b) => log.swap(pick(a), pick(b)),
                Harm::Insert(at, body) => {
                    // As well made as an outsider can: it follows the entry before it.
                    let at = pick(at);
                    let before = at.checked_sub(1).map_or(Head::EMPTY, |i| log[i].head());
                    log.insert(at, before.append(Salt([7; 16]), body));
                }
                Harm::Body(at, body) => log[pick(at)].body = body,
                Harm::Salt(at, byte) => log[pick(at)].salt.0[3] = byte,
                Harm::Prev(at, byte) => log[pick(at)].prev.0[3] = byte,
                Harm::Renumber(at, seq) => log[pick(at)].seq = seq,
            }
            let found = verify(&log).and_then(|head| verify_to(head, known));
            prop_assert_eq!(found.is_ok(), log == whole, "{:?}", found);
        }
    }
}
