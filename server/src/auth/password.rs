//! Passwords: argon2id, off the async threads, and the same work whether the name is known or not.
//!
//! Must never: be called on an async thread without [`verify`], which moves the work away and bounds how much of it
//! runs at once; nor tell why a password was refused.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::sync::{LazyLock, OnceLock};
use tokio::sync::Semaphore;

/// The fewest characters of a new password.
pub const LEAST: usize = 10;
/// The most bytes that are hashed: more is refused before any work.
pub const MOST: usize = 256;

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum BadPassword {
    /// Too short.
    #[error("a password has at least {LEAST} characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most {MOST} bytes")]
    TooLong,
    /// The hash itself failed.
    #[error("the password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

/// The PHC text (argon2id, random salt) to store for a new password.
///
/// # Errors
/// [`BadPassword`] when it is too short or too long.
pub fn hash(password: &str) -> Result<String, BadPassword> {
    if password.chars().count() < LEAST {
        return Err(BadPassword::TooShort);
    }
    if password.len() > MOST {
        return Err(BadPassword::TooLong);
    }
    let phc = Argon2::default().hash_password(password.as_bytes()).map_err(BadPassword::Hash)?;
    Ok(phc.to_string())
}

/// Two at once: each takes 19 MB and tens of milliseconds, and a flood of log-ins must not take the register's time.
static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));
/// What an unknown name is checked against, so that it takes as long as a known one.
static NOBODY: OnceLock<String> = OnceLock::new();

/// Whether the password fits the stored hash. `None` (no such account) does the same work and answers false.
pub async fn verify(password: String, stored: Option<String>) -> bool {
    let Ok(_turn) = AT_ONCE.acquire().await else { return false };
    tokio::task::spawn_blocking(move || {
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| NOBODY.get_or_init(nobody).clone());
        fits(&password, &phc) && known
    })
    .await
    .unwrap_or(false)
}

fn nobody() -> String {
    Argon2::default().hash_password(b"nobody has this password").map(|phc| phc.to_string()).unwrap_or_default()
}

fn fits(password: &str, phc: &str) -> bool {
    if password.len() > MOST {
        return false;
    }
    PasswordHash::new(phc).is_ok_and(|phc| Argon2::default().verify_password(password.as_bytes(), &phc).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_fits() {
        let stored = hash("correct horse battery").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse battery".into(), Some(stored.clone())).await);
        assert!(!verify("correct horse batterx".into(), Some(stored)).await);
        assert!(!verify("nobody has this password".into(), None).await);
    }

    #[test]
    fn short_and_endless_passwords_are_refused_with_words() {
        assert!(matches!(hash("short"), Err(BadPassword::TooShort)));
        assert!(matches!(hash(&"x".repeat(300)), Err(BadPassword::TooLong)));
    }
}
