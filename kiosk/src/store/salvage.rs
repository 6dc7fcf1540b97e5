//! What can still be read of a damaged file: who this kiosk is, and the facts that the server does not have.
//!
//! Must never: write to the damaged file, or take over an entry that is not the one whose hash stands beside it.

use super::{StoreError, Transaction, log};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use shared::id::LogId;
use shared::limits::BODY_BYTES;
use shared::log::{Entry, First, Hash, Salt};
use shared::observation::{Notice, Observation, Observed};
use shared::time::Reading;
use std::path::{Path, PathBuf};

/// The first bytes of every SQLite file of ours: what it is, pages of 4096 bytes, a write-ahead log.
const BEGINNING: &[u8; 24] = b"SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20";

/// What was read.
#[derive(Debug, Default)]
pub struct Salvage {
    kept: Vec<(String, String)>,
    facts: Vec<Observed>,
    /// Heads of the school's own logs, by day: what this kiosk can bear witness to.
    heads: Vec<Seen>,
    /// Facts that a person caused and the server may not have: they are taken over.
    pub unsent: u64,
    /// Entries that the server does not have and that cannot be read.
    pub lost: u64,
}

/// A day, a log of the school, and the entry that it ended with.
type Seen = (String, Vec<u8>, u64, [u8; 32]);

impl Salvage {
    /// Whether the kiosk still knows who it is.
    #[must_use]
    pub fn enrolled(&self) -> bool {
        self.kept.iter().any(|(name, _)| name == "token")
    }

    /// Writes it into a new store, whose log begins with it, each fact with the place where it stood first.
    pub(super) fn put(self, tx: &Transaction<'_>, at: Reading) -> Result<(), StoreError> {
        let Self { kept, mut facts, heads, unsent, lost } = self;
        let what = Observation::Noticed { notice: Notice::StoreDamaged { kept: unsent, lost } };
        facts.push(Observed { at, by: None, what, origin: None });
        for (name, value) in &kept {
            super::kept::set(tx, name, value)?;
        }
        for head in &heads {
            tx.execute(
                "INSERT OR REPLACE INTO school_head (date, log, seq, hash) VALUES (?1, ?2, ?3, ?4)",
                params![head.0, head.1, head.2, head.3],
            )?;
        }
        log::append(tx, &facts).map(|_| ())
    }
}

/// Reads what can be read. What cannot is not in the answer.
pub fn read(path: &Path) -> Salvage {
    let mut found = Salvage::default();
    match open(path) {
        Ok(c) if readable(&c) => look(&c, &mut found),
        _ => {
            // Its very beginning is damaged. What must stand there is known: a copy gets it, and the file stays as it is.
            let copy = path.with_extension("beginning-mended");
            if mend(path, &copy).is_ok()
                && let Ok(c) = open(&copy)
            {
                look(&c, &mut found);
            }
            for tail in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(with(&copy, tail)); // one that was never made
            }
        }
    }
    found
}

fn with(path: &Path, tail: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(tail);
    name.into()
}

fn mend(path: &Path, copy: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    std::fs::copy(path, copy)?;
    if with(path, "-wal").exists() {
        std::fs::copy(with(path, "-wal"), with(copy, "-wal"))?;
    }
    std::fs::OpenOptions::new().write(true).open(copy)?.write_all_at(BEGINNING, 0)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    #[allow(clippy::disallowed_methods)] // this is the store
    let c = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Its write-ahead log is read and not folded: the file stays as it was found.
    c.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    c.pragma_update(None, "query_only", true)?;
    c.pragma_update(None, "cell_size_check", true)?;
    Ok(c)
}

fn readable(c: &Connection) -> bool {
    c.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)).is_ok_and(|tables| tables > 0)
}

fn look(c: &Connection, found: &mut Salvage) {
    found.kept = who(c);
    found.heads = heads(c).unwrap_or_default();
    // Where even the log's own row cannot be read, its entries still tell what they are: their hash is their identity.
    let nameless = |(id, first, last)| (id, LogId::from_bytes([0; 16]), first, last, (0, 0));
    let Ok((id, log, first, head, (acked, durable))) = current(c).or_else(|_| newest(c).map(nameless)) else { return };
    let acked = acked.min(head);
    for seq in first..=head {
        match entry(c, id, seq) {
            Ok(Some((entry, acked_at))) => {
                let Ok(mut fact) = serde_json::from_str::<Observed>(&entry.body) else { continue };
                let tie = matches!(fact.what, Observation::Booted { .. } | Observation::Anchored { .. });
                // Sent only if both say so: one of them may be what is damaged.
                let sent = seq <= acked && acked_at;
                // What no backup holds goes again too: the server may have to be restored from one of before. It counts once.
                if sent && seq <= durable && !tie {
                    continue;
                }
                found.unsent += u64::from(!sent && fact.what.by_a_person());
                fact.origin.get_or_insert(First { log, seq, hash: entry.hash() });
                if serde_json::to_string(&fact).is_ok_and(|body| body.len() <= BODY_BYTES) {
                    found.facts.push(fact);
                }
            }
            // Forgotten long ago, or not to be read.
            Ok(None) | Err(_) => found.lost += u64::from(seq > acked),
        }
    }
}

/// Who the kiosk is, value by value. Its last exchange and the state of its roster begin anew.
fn who(c: &Connection) -> Vec<(String, String)> {
    const NAMES: [&str; 8] = ["kiosk", "school", "room", "server", "token", "pin", "next_pin", "trusted_until"];
    let value = |name: &&str| Some(((*name).to_owned(), super::kept::get(c, name).ok().flatten()?));
    let all: Vec<_> = NAMES.iter().filter_map(value).collect();
    // Half of who one is, is nobody: then the kiosk asks to be enrolled again, and its log goes with it.
    let whole = super::kept::enrolled(c).is_ok_and(|enrolled| enrolled.is_some());
    all.into_iter().filter(|(name, _)| whole || name == "trusted_until").collect()
}

/// As far as they can be read.
fn heads(c: &Connection) -> rusqlite::Result<Vec<Seen>> {
    let mut all = c.prepare("SELECT date, log, seq, hash FROM school_head ORDER BY date")?;
    let rows = all.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
    Ok(rows.map_while(Result::ok).collect())
}

/// The log that was written: its row's number, its name, its first entry, its last, and the last that the server has and
/// that a backup has.
type Written = (i64, LogId, u64, u64, (u64, u64));

fn current(c: &Connection) -> rusqlite::Result<Written> {
    // Not by its index, which may be damaged where the table is not.
    c.query_row(
        "SELECT id, log, head_seq, acked_seq, durable_seq FROM log NOT INDEXED ORDER BY current DESC, id DESC LIMIT 1",
        [],
        |r| Ok((r.get(0)?, LogId::from_bytes(r.get(1)?), 1, r.get(2)?, (r.get(3)?, r.get(4)?))),
    )
}

/// The newest log of which there is an entry, and the first and last of them.
fn newest(c: &Connection) -> rusqlite::Result<(i64, u64, u64)> {
    let sql = "SELECT log, min(seq), max(seq) FROM entry WHERE log = (SELECT max(log) FROM entry)";
    c.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
}

/// An entry, if it is the one whose hash stands beside it; and whether it says that it was acknowledged.
fn entry(c: &Connection, log: i64, seq: u64) -> rusqlite::Result<Option<(Entry, bool)>> {
    let found = c
        .prepare_cached("SELECT prev, salt, body, hash, acked_at IS NOT NULL FROM entry WHERE log = ?1 AND seq = ?2")?
        .query_row(params![log, seq], |r| {
            let entry = Entry { seq, prev: Hash(r.get(0)?), salt: Salt(r.get(1)?), body: r.get(2)? };
            Ok((entry, Hash(r.get(3)?), r.get(4)?))
        })
        .optional()?;
    Ok(found.filter(|(entry, hash, _)| entry.hash() == *hash).map(|(entry, _, acked)| (entry, acked)))
}
