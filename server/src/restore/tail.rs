//! The tail of the school's own log: what the office did since the last backup, sealed to the recovery key for kiosks to carry.
//!
//! A part is `age(hmac ‖ gzip(json of the entries))`. The hmac's key is a secret of the school, which a restore brings back:
//! whoever has only a kiosk, or only the recovery key's public part, cannot make one up.
//!
//! Must never: seal to anything but the recovery key, or give a kiosk what a backup in a second place has already.

use crate::record;
use crate::recovery::{self, Key};
use crate::school;
use crate::secret::{self, hex};
use crate::store::columns::{HashCol, int, uint};
use crate::store::{ReadTx, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::Sha256;
use shared::id::LogId;
use shared::limits::{BATCH_ENTRIES, TAIL_BYTES};
use shared::log::{Entry, Salt};
use shared::text::Text;
use shared::wire::v1::{SchoolLog, Tail};
use std::io::Read as _;

/// Bytes of the hmac before the packed entries.
const MAC: usize = 32;
/// Bytes that sealing adds, at most: two stanzas, of which one is random, and the marks of the stream.
const OVERHEAD: usize = 512;
/// Stands behind the sealed text, and is no letter of it.
const PAD: char = '.';
/// Bytes that a packed part may unpack to: what was put in, and JSON around it.
const UNPACKED: u64 = 4 * TAIL_BYTES as u64;

/// Which log the school writes, and how far a backup has it; none before its first act.
///
/// # Errors
/// An accident of the store.
pub fn standing(c: &Connection) -> Result<Option<SchoolLog>, StoreError> {
    let Some((row, log, _)) = record::own_head(c)? else { return Ok(None) };
    Ok(Some(SchoolLog { log, durable: durable(c, row)? }))
}

fn durable(c: &Connection, row: i64) -> Result<u64, StoreError> {
    Ok(c.prepare_cached("SELECT durable_seq FROM log WHERE id = ?1")?.query_row([row], |r| r.get(0).map(uint))?)
}

/// The part that follows what a kiosk keeps, if there is one. `mark` is that of the last part it keeps, or empty.
///
/// # Errors
/// An accident of the store, or a recovery key that cannot be read.
pub fn next(tx: &ReadTx<'_>, mark: &str) -> Result<Option<Tail>, StoreError> {
    let Some((row, log, end)) = record::own_head(tx)? else { return Ok(None) };
    let Some(public) = school::setting(tx, recovery::PUBLIC)? else { return Ok(None) };
    let ours = format!("{log}.{}.", hex(&secret::sha256(public.as_bytes())[..8]));
    // A mark of another log, or of a part that is sealed to another key, counts for nothing.
    let kept = mark.strip_prefix(&ours).and_then(|seq| seq.parse().ok()).filter(|seq| *seq <= end.seq).unwrap_or(0);
    if kept == end.seq {
        return Ok(None); // by far the most often
    }
    let from = kept.max(durable(tx, row)?) + 1;
    let entries = entries(tx, row, from)?;
    let Some(head) = entries.last().map(Entry::head) else { return Ok(None) };
    let part = pack(tx, log, &entries)?;
    let sealed = padded(STANDARD.encode(recovery::seal(&public, &part)?), part.len());
    let text = |_| StoreError::Corrupt { what: "the tail of the school's log" };
    Ok(Some(Tail {
        log,
        first: from,
        head,
        mark: Text::new(&format!("{ours}{}", head.seq)).map_err(text)?,
        sealed: Text::new(&sealed).map_err(text)?,
    }))
}

/// The seal's own head has a length by chance. What kiosks keep has one that the part alone decides, so that a day of the
/// simulator writes the same pages each time.
fn padded(mut sealed: String, part: usize) -> String {
    let width = (part + OVERHEAD).div_ceil(3) * 4;
    sealed.extend(std::iter::repeat_n(PAD, width.saturating_sub(sealed.len())));
    sealed
}

/// Entries from a number on, as many as a part may hold; up to one whose body was removed, for that one is old.
fn entries(c: &Connection, row: i64, from: u64) -> Result<Vec<Entry>, StoreError> {
    let mut select =
        c.prepare_cached("SELECT seq, prev, salt, body FROM fact WHERE log = ?1 AND seq >= ?2 ORDER BY seq")?;
    let mut rows = select.query(params![row, int(from)])?;
    let mut found = Vec::new();
    let mut bytes = 0;
    while let Some(r) = rows.next()? {
        let (Some(salt), Some(body)) = (r.get::<_, Option<[u8; 16]>>(2)?, r.get::<_, Option<String>>(3)?) else {
            break;
        };
        bytes += body.len();
        if (bytes > TAIL_BYTES && !found.is_empty()) || found.len() == BATCH_ENTRIES {
            break;
        }
        found.push(Entry { seq: uint(r.get(0)?), prev: r.get::<_, HashCol>(1)?.0, salt: Salt(salt), body });
    }
    Ok(found)
}

fn pack(c: &Connection, log: LogId, entries: &[Entry]) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(entries).map_err(|_| StoreError::Corrupt { what: "the school's log" })?;
    let mut packed = Vec::new();
    let unpacked = GzEncoder::new(json.as_slice(), Compression::default()).read_to_end(&mut packed);
    unpacked.map_err(|_| StoreError::Corrupt { what: "the school's log" })?;
    let mut part = mac(c, log, &packed)?.finalize().into_bytes().to_vec();
    part.extend(packed);
    Ok(part)
}

fn mac(c: &Connection, log: LogId, packed: &[u8]) -> Result<Hmac<Sha256>, StoreError> {
    let key = school::setting(c, "seal_secret")?.ok_or(StoreError::Missing("secret of the school"))?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| StoreError::Missing("secret of the school"))?;
    mac.update(b"rollbook-tail-1");
    mac.update(log.as_bytes());
    mac.update(packed);
    Ok(mac)
}

/// Why a part gives nothing back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It was sealed to another recovery key, or is damaged.
    Sealed,
    /// It is none that this school made.
    Strange,
}

/// Opens a part with the recovery key.
///
/// # Errors
/// An accident of the store.
pub fn open(c: &Connection, key: &Key, tail: &Tail) -> Result<Result<Vec<Entry>, Closed>, StoreError> {
    let Ok(sealed) = STANDARD.decode(tail.sealed.trim_end_matches(PAD)) else { return Ok(Err(Closed::Strange)) };
    let Ok(part) = key.open(&sealed) else { return Ok(Err(Closed::Sealed)) };
    let Some((told, packed)) = part.split_at_checked(MAC) else { return Ok(Err(Closed::Strange)) };
    if mac(c, tail.log, packed)?.verify_slice(told).is_err() {
        return Ok(Err(Closed::Strange));
    }
    let mut json = Vec::new();
    if GzDecoder::new(packed).take(UNPACKED).read_to_end(&mut json).is_err() {
        return Ok(Err(Closed::Strange));
    }
    Ok(serde_json::from_slice(&json).map_err(|_| Closed::Strange))
}

/// The log of this school with this id, if it has one: its row.
pub(super) fn row_of(c: &Connection, log: LogId) -> Result<Option<i64>, StoreError> {
    let found = c
        .prepare_cached("SELECT id FROM log WHERE log = ?1 AND kiosk IS NULL")?
        .query_row([log.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, now, pupil, session, world};
    use shared::act::Act;
    use shared::codes::Code;
    use shared::text::Remark;

    fn amend(world: &World, n: u8, why: &str) {
        let act = Act::Amended {
            pupil: pupil(n),
            session: session("am"),
            code: Some(Code::I),
            minutes: None,
            detail: None,
            reason: Remark::new(why).unwrap(),
            seen: Vec::new(),
        };
        world.act(now(9, 0), act);
    }

    fn part(world: &World, mark: &str) -> Option<Tail> {
        world.school.read_now(|tx| next(tx, mark)).unwrap()
    }

    #[test]
    fn a_kiosk_carries_what_it_cannot_read_and_the_key_opens_it() {
        let world = world();
        amend(&world, 1, "went home with a fever");
        assert_eq!(part(&world, ""), None, "nothing is sealed while there is no key");
        let key = recovery::renew(&world.stores).unwrap();
        let tail = part(&world, "").unwrap();
        assert_eq!((tail.first, tail.head.seq), (1, 1));
        let sealed = STANDARD.decode(tail.sealed.trim_end_matches(PAD)).unwrap();
        assert!(!sealed.windows(5).any(|w| w == b"fever"));
        let entries = world.school.read_now(|tx| open(tx, &key, &tail)).unwrap().unwrap();
        assert!(entries[0].body.contains("fever"));
        assert_eq!(entries[0].hash(), world.school.read_now(|tx| record::own_head(tx)).unwrap().unwrap().2.hash);
        assert_eq!(part(&world, &tail.mark), None, "it has it");
        let lengths: std::collections::BTreeSet<usize> =
            (0..20).map(|_| part(&world, "").map_or(0, |t| t.sealed.len())).collect();
        assert_eq!(lengths.len(), 1, "the same part is as long each time: {lengths:?}");
        assert!(tail.sealed.ends_with(PAD), "room for the longest head");
        amend(&world, 2, "dentist");
        assert_eq!(part(&world, &tail.mark).map(|t| (t.first, t.head.seq)), Some((2, 2)));
        assert_eq!(part(&world, "nonsense").map(|t| (t.first, t.head.seq)), Some((1, 2)));
        let second = recovery::renew(&world.stores).unwrap();
        let again = part(&world, &tail.mark).unwrap();
        assert_eq!((again.first, again.head.seq), (1, 2), "sealed anew to the new key");
        let opened = world.school.read_now(|tx| open(tx, &second, &tail)).unwrap();
        assert_eq!(opened, Err(Closed::Sealed));
    }

    #[test]
    fn what_a_backup_has_is_not_carried_and_a_part_is_bounded() {
        let world = world();
        recovery::renew(&world.stores).unwrap();
        for n in 1..=4 {
            amend(&world, n, "x");
        }
        world.school.write_now(|tx| Ok(tx.execute("UPDATE log SET durable_seq = 3 WHERE kiosk IS NULL", [])?)).unwrap();
        assert_eq!(part(&world, "").map(|t| (t.first, t.head.seq)), Some((4, 4)));
        for _ in 0..TAIL_BYTES / 500 {
            amend(&world, 1, &"because ".repeat(60));
        }
        let first = part(&world, "").unwrap();
        let second = part(&world, &first.mark).unwrap();
        assert_eq!(second.first, first.head.seq + 1);
        assert!(first.sealed.len() < shared::limits::TAIL_CHARS);
    }

    #[test]
    fn a_part_that_somebody_made_up_is_none() {
        let world = world();
        amend(&world, 1, "x");
        let key = recovery::renew(&world.stores).unwrap();
        let tail = part(&world, "").unwrap();
        // Whoever knows the public part of the key can seal, but not sign.
        let forged = recovery::seal(&key.public(), &[vec![0; MAC], b"anything".to_vec()].concat()).unwrap();
        for sealed in [STANDARD.encode(forged), "?".to_owned()] {
            let forged = Tail { sealed: Text::new(&sealed).unwrap(), ..tail.clone() };
            assert_eq!(world.school.read_now(|tx| open(tx, &key, &forged)).unwrap(), Err(Closed::Strange));
        }
    }
}
