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

impl Entry {
    /// sha256(salt ‖ body): what stays when the body is removed.
    #[must_use]
    pub fn body_hash(&self) -> Hash {
        let mut h = Sha256::new();
        h.update(self.salt.0);
        h.update(self.body.as_bytes());
        Hash(h.finalize().into())
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
