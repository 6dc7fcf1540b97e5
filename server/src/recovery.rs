//! The recovery key: what opens the secrets of a backup, and the tail of the school's log that kiosks carry.
//!
//! It is made once and printed once. Only its public part stays with the server: whoever has the backup, or a kiosk, but
//! not the paper, can read neither.
//!
//! Must never: keep or log the secret part, except while a restore waits for the kiosks (see [`crate::restore`]).

use crate::school;
use crate::store::{StoreError, Stores};
use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use rusqlite::{Connection, OptionalExtension, params};

/// The name of the public part: in `trust.db`, and as a setting of each school, whose tail is sealed without leaving its file.
pub const PUBLIC: &str = "recovery";
/// Where the secret part is kept while a restored server waits for what kiosks carry sealed.
pub(crate) const WAITING: &str = "recovery_secret";
/// What a printed key begins with.
const BEGINS: &str = "AGE-SECRET-KEY-1";

/// A recovery key, with its secret part.
pub struct Key(Identity);

impl Key {
    /// Makes one.
    #[must_use]
    pub fn generate() -> Self {
        Self(Identity::generate())
    }

    /// Reads one as a person typed it, or a file holds it: spaces, line ends and small letters do not matter, and the fixed
    /// beginning may be left out. A letter that was mistyped is found by the key's own check sum.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is none.
    pub fn read(text: &str) -> Result<Self, StoreError> {
        let plain: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let whole = if plain.starts_with(BEGINS) { plain } else { format!("{BEGINS}{plain}") };
        whole.parse().map(Self).map_err(|_| {
            StoreError::Refused(
                "this is not a recovery key. It is AGE-SECRET-KEY-1 and 58 letters and digits; one of them is wrong or \
                 missing (a recovery key holds no I, O, B, and after its beginning no 1)"
                    .to_owned(),
            )
        })
    }

    /// The part that stays: what things are sealed to.
    #[must_use]
    pub fn public(&self) -> String {
        self.0.to_public().to_string()
    }

    /// The secret part in one line, as files hold it.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string().expose_secret().to_owned()
    }

    /// The secret part as it is printed: in groups of four, which a person can read out and type.
    #[must_use]
    pub fn printed(&self) -> String {
        let text = self.text();
        let mut groups = vec![BEGINS.to_owned()];
        let mut group = String::new();
        for letter in text.chars().skip(BEGINS.len()) {
            group.push(letter);
            if group.len() == 4 {
                groups.push(std::mem::take(&mut group));
            }
        }
        groups.extend((!group.is_empty()).then_some(group));
        groups.join(" ")
    }

    /// Opens what was sealed to it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it was sealed to another key, or is damaged.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        age::decrypt(&self.0, sealed).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => StoreError::Refused(
                "this was sealed to another recovery key. Look for the paper of the time when it was made".to_owned(),
            ),
            other => StoreError::Refused(format!("what was sealed cannot be opened: {other}")),
        })
    }
}

/// Seals to the public part of a key.
///
/// # Errors
/// [`StoreError::Refused`] when `public` is none.
pub fn seal(public: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let to: Recipient = public
        .parse()
        .map_err(|_| StoreError::Refused("the recovery key that is kept cannot be read: make a new one".to_owned()))?;
    age::encrypt(&to, plain).map_err(|error| StoreError::Refused(format!("nothing can be sealed: {error}")))
}

/// The public part that this server has, if a key was ever made.
///
/// # Errors
/// An accident of the store.
pub fn public(stores: &Stores) -> Result<Option<String>, StoreError> {
    stores.trust().read_now(|c| named(c, PUBLIC))
}

/// Makes a key for this server and every school in it. The one before opens nothing that is sealed from now on.
///
/// # Errors
/// An accident of the store.
pub fn renew(stores: &Stores) -> Result<Key, StoreError> {
    let key = Key::generate();
    adopt(stores, &key.public())?;
    Ok(key)
}

/// Puts a public part in force everywhere: what a restore does with the key of the backup.
///
/// # Errors
/// An accident of the store.
pub fn adopt(stores: &Stores, public: &str) -> Result<(), StoreError> {
    stores.trust().write_now(|t| keep(t, PUBLIC, public.as_bytes()))?;
    for school in stores.all() {
        let public = public.to_owned();
        school.write_now(move |tx| school::set(tx, PUBLIC, &public))?;
    }
    Ok(())
}

/// Forgets the public part: its paper is lost, so nothing shall be sealed to it any more.
///
/// # Errors
/// An accident of the store.
pub fn forget(stores: &Stores) -> Result<(), StoreError> {
    stores.trust().write_now(|t| Ok(t.execute("DELETE FROM secret WHERE name = ?1", [PUBLIC])?))?;
    for school in stores.all() {
        school.write_now(|tx| Ok(tx.execute("DELETE FROM setting WHERE name = ?1", [PUBLIC])?))?;
    }
    Ok(())
}

/// A text among the server's secrets.
pub(crate) fn named(c: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let value: Option<Vec<u8>> =
        c.query_row("SELECT value FROM secret WHERE name = ?1", [name], |r| r.get(0)).optional()?;
    value.map(|v| String::from_utf8(v).map_err(|_| StoreError::Corrupt { what: "a secret" })).transpose()
}

/// Keeps something among the server's secrets.
pub(crate) fn keep(t: &Connection, name: &str, value: &[u8]) -> Result<(), StoreError> {
    t.execute(
        "INSERT INTO secret(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
        params![name, value],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_paper() {
        let key = Key::generate();
        let sealed = seal(&key.public(), b"the server's key").unwrap();
        let printed = key.printed();
        assert_eq!(printed.split(' ').count(), 1 + 58_usize.div_ceil(4));
        for typed in [
            printed.clone(),
            printed.to_lowercase().replace(' ', "\n"),
            printed.trim_start_matches(BEGINS).to_owned(),
            format!("# paper of the safe\n{}\n", key.text()),
        ] {
            assert_eq!(Key::read(&typed).unwrap().open(&sealed).unwrap(), b"the server's key");
        }
        assert!(!String::from_utf8_lossy(&sealed).contains("server's key"));
    }

    #[test]
    fn a_mistyped_letter_and_another_key_are_found() {
        let key = Key::generate();
        let sealed = seal(&key.public(), b"x").unwrap();
        let text = key.text();
        let last = if text.ends_with('Q') { 'P' } else { 'Q' };
        let wrong = format!("{}{last}", &text[..text.len() - 1]);
        assert!(Key::read(&wrong).is_err());
        assert!(Key::read("").is_err());
        let other = Key::generate().open(&sealed).unwrap_err().to_string();
        assert!(other.contains("another recovery key"), "{other}");
        let mut broken = sealed.clone();
        let end = broken.len() - 1;
        broken[end] ^= 1;
        assert!(key.open(&broken).is_err());
    }

    #[test]
    fn a_new_key_reaches_every_school() {
        let world = crate::testing::world();
        assert_eq!(public(&world.stores).unwrap(), None);
        let key = renew(&world.stores).unwrap();
        assert_eq!(public(&world.stores).unwrap(), Some(key.public()));
        assert_eq!(world.school.read_now(|tx| school::setting(tx, PUBLIC)).unwrap(), Some(key.public()));
        assert_ne!(renew(&world.stores).unwrap().public(), key.public());
    }
}
