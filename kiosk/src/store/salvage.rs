//! What can still be read of a damaged file: who this kiosk is, and the facts that the server does not have.
//!
//! Must never: write to the damaged file, or take over an entry that is not the one whose hash stands beside it.

use super::{StoreError, Transaction, log};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use shared::id::LogId;
use shared::limits::BODY_BYTES;
use shared::log::{Entry, First, Hash, Salt};
use shared::observation::{Notice, Observation, Observed, OnlyCopy};
use shared::time::Reading;
use std::path::{Path, PathBuf};

/// The first bytes of every SQLite file of ours: what it is, pages of 4096 bytes, a write-ahead log.
const BEGINNING: &[u8; 24] = b"SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20";

/// A day, a log of the school (empty: not said), and the entry that it ended with.
type SchoolHead = (String, Vec<u8>, u64, [u8; 32]);
/// Log, first and last number, hash, mark, the sealed text, and since when it is kept.
type Part = ([u8; 16], u64, u64, [u8; 32], String, String, i64);

/// What was read.
#[derive(Debug, Default)]
pub struct Salvage {
    kept: Vec<(String, String)>,
    facts: Vec<Observed>,
    /// Heads of the school's own logs, by day: what this kiosk can bear witness to.
    heads: Vec<SchoolHead>,
    /// Sealed parts of the school's own log. Only the school can tell whether they are whole; they are carried on as they are.
    tail: Vec<Part>,
    /// Facts that a person caused and the server may not have: they are taken over.
    pub unsent: u64,
    /// Entries that the server does not have and that cannot be read.
    pub lost: u64,
    /// Entries that the server has and no backup of it, as far as this kiosk knows, and that cannot be read here.
    pub only_copy: Option<OnlyCopy>,
}

impl Salvage {
    /// Whether the kiosk still knows who it is.
    #[must_use]
    pub fn enrolled(&self) -> bool {
        self.kept.iter().any(|(name, _)| name == "token")
    }

    /// Writes it into a new store, whose log begins with it, each fact with the place where it stood first.
    pub(super) fn put(self, tx: &Transaction<'_>, at: Reading) -> Result<(), StoreError> {
        let Self { kept, mut facts, heads, tail, unsent, lost, only_copy } = self;
        let what = Observation::Noticed { notice: Notice::StoreDamaged { kept: unsent, lost, only_copy } };
        facts.push(Observed { at, by: None, what, origin: None });
        for (name, value) in &kept {
            super::kept::set(tx, name, value)?;
        }
        for (date, log, seq, hash) in &heads {
            tx.execute(
                "INSERT OR REPLACE INTO school_head (date, log, seq, hash) VALUES (?1, ?2, ?3, ?4)",
                params![date, log, seq, hash],
            )?;
        }
        for (log, first, last, hash, mark, sealed, kept_at) in &tail {
            tx.execute(
                "INSERT OR REPLACE INTO tail (log, first, last, hash, mark, sealed, kept_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![log, first, last, hash, mark, sealed, kept_at],
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
            // Its very beginning is damaged, or the list of its tables. What must stand there is known: a copy gets it, and
            // the file stays as it is.
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
    std::fs::OpenOptions::new().write(true).open(copy)?.write_all_at(BEGINNING, 0)?;
    let _ = mend_schema(copy); // what is still damaged then is not read
    Ok(())
}

/// Writes over the list of tables what a new file of ours has there, as far as it names or places them alike.
fn mend_schema(copy: &Path) -> Result<(), StoreError> {
    #[allow(clippy::disallowed_methods)] // this is the store
    let (mut ours, c) = (Connection::open_in_memory()?, Connection::open(copy)?);
    super::migrations().to_latest(&mut ours)?;
    c.pragma_update(None, "writable_schema", true)?; // tables that cannot be understood are passed over
    let mut all = ours.prepare("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema")?;
    let mut rows = all.query([])?;
    let (mut names, mut known) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let one: (String, String, String, i64, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        names.push(one.1.clone());
        known.push(one);
    }
    let names = serde_json::to_string(&names)?;
    for (kind, name, table, root, sql) in known {
        c.execute(
            "UPDATE sqlite_schema SET type = ?1, name = ?2, tbl_name = ?3, sql = ?5
             WHERE name = ?2 OR (rootpage = ?4 AND name NOT IN (SELECT value FROM json_each(?6)))",
            params![kind, name, table, root, sql, names],
        )?;
    }
    Ok(())
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
    ["kept", "log", "entry"].iter().all(|table| c.prepare(&format!("SELECT 1 FROM {table}")).is_ok())
}

fn look(c: &Connection, found: &mut Salvage) {
    found.kept = who(c);
    found.heads = heads(c).or_else(|_| heads_of_before(c)).unwrap_or_default();
    found.tail = tail(c).unwrap_or_default();
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
            // Not to be read; or, where a backup has it, perhaps forgotten long ago.
            Ok(None) | Err(_) if seq > acked => found.lost += 1,
            Ok(None) | Err(_) if seq > durable => {
                let only = found.only_copy.get_or_insert(OnlyCopy { log, first: seq, last: seq, count: 0 });
                (only.last, only.count) = (seq, only.count + 1);
            }
            Ok(None) | Err(_) => {}
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
fn heads(c: &Connection) -> rusqlite::Result<Vec<SchoolHead>> {
    let mut all = c.prepare("SELECT date, log, seq, hash FROM school_head ORDER BY date")?;
    let rows = all.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
    Ok(rows.map_while(Result::ok).collect())
}

/// Those in a file whose schema is still the first.
fn heads_of_before(c: &Connection) -> rusqlite::Result<Vec<SchoolHead>> {
    let mut all = c.prepare("SELECT date, seq, hash FROM school_head ORDER BY date")?;
    let rows = all.query_map([], |r| Ok((r.get(0)?, Vec::new(), r.get(1)?, r.get(2)?)))?;
    Ok(rows.map_while(Result::ok).collect())
}

/// As far as it can be read; a file of before has none.
fn tail(c: &Connection) -> rusqlite::Result<Vec<Part>> {
    let mut all =
        c.prepare("SELECT log, first, last, hash, mark, sealed, kept_at FROM tail ORDER BY log, first, kept_at")?;
    let rows =
        all.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?)))?;
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
