//! The second factor: a code of an authenticator (RFC 6238), or one of the recovery codes on paper.
//!
//! Must never: let a code open twice, or keep a recovery code that can be read.

use super::key::Key;
use crate::secret;
use crate::store::StoreError;
use qrcodegen::{QrCode, QrCodeEcc};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::time::Millis;
use totp_rs::{Builder, Totp};

/// A new account works so long before its second factor must be set up.
pub const GRACE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Recovery codes that are made at once.
const CODES: usize = 8;
/// Bytes of an authenticator's secret (RFC 4226 recommends 160 bits).
pub const SECRET_BYTES: usize = 20;

/// Bytes of one that is sealed: the seal's own 48, the account, the secret.
const SEALED_BYTES: usize = 48 + 8 + SECRET_BYTES;

/// How an account stands with its second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// It has one.
    Set,
    /// Its role must have one, by this moment.
    Due(Millis),
    /// Its role may do without.
    Optional,
}

/// An authenticator's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new() -> Result<Self, StoreError> {
        secret::random().map(Self)
    }

    /// For a session to keep until a code proves it: sealed, for sessions.db is a file that others may get hold of.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn sealed(&self, key: &Key, account: i64) -> Result<String, StoreError> {
        key.seal(account, &self.0).map(|sealed| secret::hex(&sealed))
    }

    /// From the text that a session keeps; none when it was sealed for another account or to another key.
    #[must_use]
    pub fn opened(key: &Key, account: i64, text: &str) -> Option<Self> {
        let sealed = secret::unhex::<SEALED_BYTES>(text)?;
        Self::of(&key.open(account, &sealed)?).ok()
    }

    /// From hexadecimal digits, and to them: for a test that reads the page.
    #[cfg(test)]
    pub fn from_hex(text: &str) -> Option<Self> {
        secret::unhex(text).map(Self)
    }
    #[cfg(test)]
    pub fn to_hex(&self) -> String {
        secret::hex(&self.0)
    }

    fn of(bytes: &[u8]) -> Result<Self, StoreError> {
        bytes.try_into().map(Self).map_err(|_| StoreError::Corrupt { what: "a second factor" })
    }

    /// As an authenticator wants it: six digits, thirty seconds, one step to each side.
    ///
    /// # Errors
    /// Never for what this server makes: the library's own checks.
    fn totp(&self, username: &str) -> Result<Totp, StoreError> {
        // A colon would part the label of the address.
        let username: String = username.chars().map(|c| if c == ':' { '.' } else { c }).collect();
        Builder::new()
            .with_secret(self.0.to_vec())
            .with_issuer(Some("Rollbook"))
            .with_account_name(username)
            .build()
            .map_err(|_| StoreError::Corrupt { what: "a second factor" })
    }

    /// The step whose code this is, at this time; none if it is none.
    ///
    /// # Errors
    /// As for a secret that is damaged.
    pub fn step(&self, code: &str, now: Millis) -> Result<Option<u64>, StoreError> {
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        let seconds = u64::try_from(now.0.div_euclid(1000)).unwrap_or_default();
        Ok(self.totp("")?.check(&code, seconds))
    }

    /// To type into an authenticator: letters and digits in groups of four.
    ///
    /// # Errors
    /// As for a secret that is damaged.
    pub fn typed(&self) -> Result<String, StoreError> {
        let text = self.totp("")?.secret().to_base32();
        let groups: Vec<&str> = text.as_bytes().chunks(4).map(|g| std::str::from_utf8(g).unwrap_or_default()).collect();
        Ok(groups.join(" "))
    }

    /// To photograph with an authenticator: the size of a QR code, and the path of its dark squares.
    ///
    /// # Errors
    /// As for a secret that is damaged.
    pub fn square(&self, username: &str) -> Result<(i32, String), StoreError> {
        use std::fmt::Write as _;
        let bad = || StoreError::Corrupt { what: "a second factor" };
        let address = self.totp(username)?.to_url().map_err(|_| bad())?;
        let code = QrCode::encode_text(&address, QrCodeEcc::Medium).map_err(|_| bad())?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                let _ = write!(path, "M{x} {y}h1v1h-1z"); // writing to a String cannot fail
            }
        }
        Ok((code.size(), path))
    }

    /// The code at this time: what a person would read from their authenticator.
    #[cfg(test)]
    pub fn code(&self, now: Millis) -> String {
        self.totp("").unwrap().generate(u64::try_from(now.0 / 1000).unwrap()).to_string()
    }
}

/// Whether what was typed opens the account: a code that was not used yet, or a recovery code. It is used up then.
///
/// # Errors
/// When trust.db cannot be written.
pub fn open(c: &Connection, key: &Key, account: i64, typed: &str, now: Millis) -> Result<bool, StoreError> {
    let typed: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    if typed.len() == 6 && typed.bytes().all(|b| b.is_ascii_digit()) {
        let held: Option<Vec<u8>> = c
            .query_row("SELECT factor_secret FROM account WHERE id = ?1", [account], |r| r.get(0))
            .optional()?
            .flatten();
        let Some(held) = held else { return Ok(false) };
        let Some(plain) = key.open(account, &held) else {
            tracing::error!(account, "a second factor was sealed to another key: its owner needs `user reset-factor`");
            return Ok(false); // recovery codes still open
        };
        let Some(step) = Secret::of(&plain)?.step(&typed, now)? else { return Ok(false) };
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let once = "UPDATE account SET factor_step = ?2 WHERE id = ?1 AND factor_step < ?2";
        return Ok(c.execute(once, params![account, step])? == 1);
    }
    let once = "UPDATE recovery SET used_at = ?3 WHERE account = ?1 AND hash = ?2 AND used_at IS NULL";
    Ok(c.execute(once, params![account, digest(&typed), now.0])? == 1)
}

/// Sets the second factor, with the step of the code that proved it. Returns new recovery codes, shown this once.
///
/// # Errors
/// When trust.db cannot be written.
pub fn set(c: &Connection, key: &Key, account: i64, secret: &Secret, step: u64) -> Result<Vec<String>, StoreError> {
    c.execute(
        "UPDATE account SET factor_secret = ?2, factor_step = ?3 WHERE id = ?1",
        params![account, key.seal(account, &secret.0)?, i64::try_from(step).unwrap_or(i64::MAX)],
    )?;
    new_codes(c, account)
}

/// New recovery codes in place of the old ones.
///
/// # Errors
/// When trust.db cannot be written.
pub fn new_codes(c: &Connection, account: i64) -> Result<Vec<String>, StoreError> {
    c.execute("DELETE FROM recovery WHERE account = ?1", [account])?;
    let mut codes = Vec::with_capacity(CODES);
    for _ in 0..CODES {
        let code = secret::typeable(3)?;
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
        c.execute("INSERT INTO recovery(account, hash) VALUES (?1, ?2)", params![account, digest(&plain)])?;
        codes.push(code);
    }
    Ok(codes)
}

/// Takes the second factor away: it must be set up again.
///
/// # Errors
/// When trust.db cannot be written.
pub fn remove(c: &Connection, account: i64) -> Result<(), StoreError> {
    c.execute("UPDATE account SET factor_secret = NULL, factor_step = 0 WHERE id = ?1", [account])?;
    c.execute("DELETE FROM recovery WHERE account = ?1", [account])?;
    Ok(())
}

/// Takes every second factor away, after a restore that brought no key to open them: each is set up again.
///
/// # Errors
/// When trust.db cannot be written.
pub fn remove_all(c: &Connection) -> Result<(), StoreError> {
    c.execute("UPDATE account SET factor_secret = NULL, factor_step = 0", [])?;
    c.execute("DELETE FROM recovery", [])?;
    Ok(())
}

/// Recovery codes that were not used yet.
///
/// # Errors
/// When trust.db cannot be read.
pub fn codes_left(c: &Connection, account: i64) -> Result<usize, StoreError> {
    let left = "SELECT count(*) FROM recovery WHERE account = ?1 AND used_at IS NULL";
    Ok(c.query_row(left, [account], |r| r.get(0))?)
}

fn digest(code: &str) -> [u8; 32] {
    secret::sha256(format!("rollbook-recovery-1\0{code}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn the_rfcs_own_example_opens() {
        // RFC 6238, appendix B, SHA-1: the secret "12345678901234567890" at 59 s.
        let secret = Secret(*b"12345678901234567890");
        assert_eq!(secret.code(Millis(59_000)), "287082");
        assert_eq!(secret.step("287082", Millis(59_000)).unwrap(), Some(1));
        assert_eq!(secret.step("287 082", Millis(89_999)).unwrap(), Some(1), "a step late");
        assert_eq!(secret.step("287082", Millis(120_000)).unwrap(), None);
        assert_eq!(secret.typed().unwrap(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(Secret::from_hex(&secret.to_hex()).map(|s| s.to_hex()), Some(secret.to_hex()));
    }

    #[test]
    fn a_square_names_the_school_program_and_the_person() {
        let secret = Secret::new().unwrap();
        let (size, path) = secret.square("a:b").unwrap();
        assert!(size > 20 && path.starts_with("M0 0h1v1h-1z"), "the corner of every QR code is dark");
        assert!(secret.totp("a:b").unwrap().to_url().unwrap().contains("Rollbook"));
    }

    #[test]
    fn a_code_and_a_recovery_code_open_once_each() {
        let world = crate::testing::world();
        crate::office::visit::account(&world, world.school.id(), "office", crate::auth::Role::Office);
        let now = at(8, 0);
        let key = world.stores.factor_key().clone();
        let (secret, codes) = world
            .stores
            .trust()
            .write_now(|c| {
                let secret = Secret::new()?;
                let codes = set(c, &key, 1, &secret, 0)?;
                Ok((secret, codes))
            })
            .unwrap();
        let opens = |typed: &str, now| {
            world.stores.trust().write_now(|c| open(c, world.stores.factor_key(), 1, typed, now)).unwrap()
        };
        let code = secret.code(now);
        assert!(opens(&code, now) && !opens(&code, now), "once");
        let later = now.plus(30_000);
        assert!(opens(&secret.code(later), later));
        assert!(!opens(&code, later), "an older one opens nothing any more");
        assert_eq!(codes.len(), CODES);
        let typed = codes[0].to_lowercase().replace('-', " ");
        assert!(opens(&typed, later) && !opens(&typed, later), "typed as people type");
        assert_eq!(world.stores.trust().read_now(|c| codes_left(c, 1)).unwrap(), CODES - 1);
        assert!(!opens("", later) && !opens(&codes[1][1..], later));
        world.stores.trust().write_now(|c| remove(c, 1)).unwrap();
        assert!(!opens(&codes[1], later) && !opens(&secret.code(later.plus(60_000)), later.plus(60_000)), "taken away");
    }

    #[test]
    fn a_secret_of_before_is_sealed_when_the_folder_is_opened_and_no_byte_of_it_stays() {
        let world = crate::testing::world();
        crate::office::visit::account(&world, world.school.id(), "office", crate::auth::Role::Office);
        let plain = *b"plain as it once was";
        world
            .stores
            .trust()
            .write_now(|c| Ok(c.execute("UPDATE account SET factor_secret = ?1", [plain.as_slice()])?))
            .unwrap();
        let holds = |world: &crate::testing::World| {
            let file = world.stores.trust().path();
            let journal = file.with_extension("db-wal");
            let bytes = [file, journal.as_path()].into_iter().flat_map(|p| std::fs::read(p).unwrap_or_default());
            bytes.collect::<Vec<u8>>().windows(plain.len()).any(|w| w == plain)
        };
        assert!(holds(&world), "the test would see it");
        let crate::testing::World { folder, stores, school, app, .. } = world;
        stores.stop();
        drop((stores, school, app));
        let world = crate::testing::world_in(folder);
        assert!(!holds(&world), "it lies in trust.db still");
        let now = at(8, 0);
        let opens = |typed: &str| {
            world.stores.trust().write_now(|c| open(c, world.stores.factor_key(), 1, typed, now)).unwrap()
        };
        assert!(opens(&Secret(plain).code(now)), "and the authenticator still fits");
    }
}
