//! The server's key and certificate: self-signed, an end entity, kept in the data folder; kiosks pin its key.
//!
//! Must never: make a new key where one exists: every kiosk would refuse it.

use crate::secret;
use crate::store::StoreError;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PublicKeyData};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use shared::log::Hash;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// What a TLS listener needs, and what kiosks pin.
pub struct Identity {
    /// For axum-server.
    pub config: Arc<rustls::ServerConfig>,
    /// sha256 of the public key (SPKI, DER).
    pub pin: Hash,
}

/// Loads key and certificate from the data folder; makes them the first time.
///
/// # Errors
/// When a file cannot be read or written, or does not hold what it should.
pub fn identity(dir: &Path) -> Result<Identity, StoreError> {
    let key_file = dir.join("server.key");
    let certificate_file = dir.join("server.crt");
    if !key_file.exists() {
        let key = KeyPair::generate().map_err(refused)?;
        private(&key_file, key.serialize_pem().as_bytes())?;
    }
    let pem = std::fs::read_to_string(&key_file).map_err(StoreError::file(&key_file))?;
    let key = KeyPair::from_pem(&pem).map_err(refused)?;
    if !certificate_file.exists() {
        let certificate = params()?.self_signed(&key).map_err(refused)?;
        private(&certificate_file, certificate.pem().as_bytes())?;
    }
    let certificate = CertificateDer::from_pem_file(&certificate_file).map_err(|_| unreadable("server.crt"))?;
    let private_key = PrivateKeyDer::from_pem_file(&key_file).map_err(|_| unreadable("server.key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(vec![certificate], private_key))
        .map_err(|e| StoreError::Refused(format!("server.key and server.crt do not fit together: {e}")))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity { config: Arc::new(config), pin: Hash(secret::sha256(&key.subject_public_key_info())) })
}

fn params() -> Result<CertificateParams, StoreError> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "rollbook.local".to_owned()];
    let mut params = CertificateParams::new(names).map_err(refused)?;
    params.distinguished_name.push(DnType::CommonName, "Rollbook server");
    params.is_ca = IsCa::ExplicitNoCa; // rustls refuses a CA as an end entity
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Kiosks check the key and no dates: a kiosk that believes it is 1970 must connect too.
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2099, 12, 31);
    Ok(params)
}

fn private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::file(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::file(path))
}

fn refused(error: rcgen::Error) -> StoreError {
    StoreError::Refused(format!("the server's key or certificate could not be made or read: {error}"))
}
fn unreadable(file: &str) -> StoreError {
    StoreError::Refused(format!("{file} in the data folder cannot be read: restore it from the backup"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_for_its_owner_only() {
        let dir = crate::testing::folder();
        let first = identity(dir.path()).unwrap();
        let again = identity(dir.path()).unwrap();
        assert_eq!(first.pin, again.pin);
        let mode = std::fs::metadata(dir.path().join("server.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
