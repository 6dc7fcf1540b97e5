//! A reason that only the server can read: a sealed box (X25519, XSalsa20-Poly1305) to the school's public key.
//!
//! Must never: keep the reason, or a key that opens it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_box::{PublicKey, aead::OsRng};
use shared::observation::Sealed;

/// Why a reason was not sealed. The arrival goes without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    /// The settings hold no sound key.
    #[error("the school's sealing key is not 64 hexadecimal digits")]
    BadKey,
    /// Longer than the field.
    #[error("the reason is longer than {} bytes", shared::limits::SEALED_BYTES)]
    TooLong,
}

/// Seals `reason` to `key` (64 hexadecimal digits), as base64.
///
/// # Errors
/// [`NotSealed`].
pub fn seal(reason: &str, key: &str) -> Result<Sealed, NotSealed> {
    let key = PublicKey::from(crate::hex::bytes::<32>(key).ok_or(NotSealed::BadKey)?);
    let sealed = key.seal(&mut OsRng, reason.as_bytes()).map_err(|_| NotSealed::TooLong)?;
    if sealed.len() > shared::limits::SEALED_BYTES {
        return Err(NotSealed::TooLong);
    }
    Sealed::new(&STANDARD.encode(sealed)).map_err(|_| NotSealed::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_box::SecretKey;

    #[test]
    fn only_the_servers_key_opens_it() {
        let secret = SecretKey::generate(&mut OsRng);
        let key = crate::hex::text(secret.public_key().as_bytes());
        let sealed = seal("Missed the bus", &key).unwrap();
        let bytes = STANDARD.decode(sealed.as_str()).unwrap();
        assert_eq!(secret.unseal(&bytes).unwrap(), b"Missed the bus");
        assert!(SecretKey::generate(&mut OsRng).unseal(&bytes).is_err());
        assert_ne!(sealed, seal("Missed the bus", &key).unwrap(), "two of the same reason cannot be matched");
    }

    #[test]
    fn a_bad_key_and_a_long_reason_are_told_apart() {
        let key = crate::hex::text(SecretKey::generate(&mut OsRng).public_key().as_bytes());
        assert_eq!(seal("x", "none"), Err(NotSealed::BadKey));
        // Sealing adds 48 bytes.
        let most = shared::limits::SEALED_BYTES - 48;
        assert!(seal(&"x".repeat(most), &key).is_ok());
        assert_eq!(seal(&"x".repeat(most + 1), &key), Err(NotSealed::TooLong));
    }
}
