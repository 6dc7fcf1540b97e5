//! TLS to one known server: its public key is pinned, its certificate's dates are not looked at.
//!
//! A kiosk without a battery clock wakes up in 1970 and must reach the server to learn the time, so no decision here
//! may need the time. What is checked: that the server holds the pinned key (or the announced next one), by the
//! signature of the handshake.
//!
//! Must never: accept an unpinned key, except while nobody has been met yet (enrolment), and then keep to that one.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest, Sha256};
use shared::log::Hash;
use std::sync::{Arc, OnceLock};

/// Which keys the server may have.
#[derive(Debug, Clone)]
pub enum Pins {
    /// The pinned one, or the announced next one.
    Known(Vec<Hash>),
    /// Nobody has been met yet: the first key is noted, and from then on it is the only one.
    First(Met),
}

/// The key of the first server met.
#[derive(Debug, Clone, Default)]
pub struct Met(Arc<OnceLock<Hash>>);

impl Met {
    /// A server that was met before: no other is the same.
    #[must_use]
    pub fn before(pin: Hash) -> Self {
        let met = Self::default();
        met.0.get_or_init(|| pin);
        met
    }
    /// sha256 of the key, once a server has been met.
    #[must_use]
    pub fn pin(&self) -> Option<Hash> {
        self.0.get().copied()
    }
}

/// A rustls configuration that trusts these pins and nothing else.
///
/// # Errors
/// When rustls refuses its own defaults.
pub fn config(pins: Pins) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Pinned { pins, provider: provider.clone() });
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// sha256 of a certificate's public key (SPKI, DER).
///
/// # Errors
/// When the certificate cannot be read.
pub fn pin_of(certificate: &CertificateDer<'_>) -> Result<Hash, Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    Ok(Hash(Sha256::digest(parsed.subject_public_key_info().as_ref()).into()))
}

#[derive(Debug)]
struct Pinned {
    pins: Pins,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let pin = pin_of(end_entity)?;
        let right = match &self.pins {
            Pins::Known(pins) => pins.contains(&pin),
            Pins::First(met) => *met.0.get_or_init(|| pin) == pin,
        };
        if right {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{ClientConnection, ServerConfig, ServerConnection, Stream};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    struct Server {
        certificate: CertificateDer<'static>,
        spki: Vec<u8>,
        config: Arc<ServerConfig>,
    }

    // A certificate that has been expired since 1999, as seen by anybody whose clock is right.
    fn server() -> Server {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.not_before = rcgen::date_time_ymd(1998, 1, 1);
        params.not_after = rcgen::date_time_ymd(1999, 1, 1);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], secret)
            .unwrap();
        Server { certificate, spki: rcgen::PublicKeyData::subject_public_key_info(&key), config: Arc::new(config) }
    }

    // One real handshake over loopback; the byte that the server sent, or why there was none.
    fn meet(server: &Server, pins: Pins) -> Result<u8, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = server.config.clone();
        let thread = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut tls = ServerConnection::new(config).unwrap();
            // A client that refuses hangs up; that is the client's outcome to tell.
            let _ = Stream::new(&mut tls, &mut socket).write_all(b"!");
            let _ = socket.shutdown(std::net::Shutdown::Write);
        });
        let mut socket = TcpStream::connect(address).unwrap();
        let client = Arc::new(super::config(pins).unwrap());
        let mut tls = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
        let mut byte = [0];
        let got = Stream::new(&mut tls, &mut socket).read_exact(&mut byte).map_err(|e| e.to_string());
        drop(socket);
        thread.join().unwrap();
        got.map(|()| byte[0])
    }

    #[test]
    fn the_pin_is_the_sha256_of_the_public_key() {
        let server = server();
        assert_eq!(pin_of(&server.certificate).unwrap().0, <[u8; 32]>::from(Sha256::digest(&server.spki)));
    }

    #[test]
    fn the_right_pin_connects_though_the_certificate_has_expired() {
        let server = server();
        let pin = pin_of(&server.certificate).unwrap();
        assert_eq!(meet(&server, Pins::Known(vec![pin])), Ok(b'!'));
        assert_eq!(meet(&server, Pins::Known(vec![Hash([1; 32]), pin])), Ok(b'!'), "the announced next key");
    }

    #[test]
    fn a_wrong_pin_is_refused() {
        let (right, wrong) = (server(), server());
        let pin = pin_of(&right.certificate).unwrap();
        assert!(meet(&wrong, Pins::Known(vec![pin])).is_err());
        assert!(meet(&right, Pins::Known(vec![])).is_err());
    }

    #[test]
    fn enrolment_keeps_to_the_first_key_it_met() {
        let (first, other) = (server(), server());
        let met = Met::default();
        assert_eq!(met.pin(), None);
        assert_eq!(meet(&first, Pins::First(met.clone())), Ok(b'!'));
        assert_eq!(met.pin(), Some(pin_of(&first.certificate).unwrap()));
        assert!(meet(&other, Pins::First(met.clone())).is_err(), "somebody stepped in between");
        assert_eq!(meet(&first, Pins::First(met)), Ok(b'!'));
    }

    #[test]
    fn a_certificate_with_somebody_elses_key_is_refused() {
        // The right certificate, but the handshake is signed with another key: a thief has copied the certificate.
        let (right, thief) = (server(), server());
        let key = KeyPair::generate().unwrap();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signer = rustls::crypto::ring::sign::any_supported_type(&secret).unwrap();
        let stolen = rustls::sign::CertifiedKey::new(vec![right.certificate.clone()], signer);
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(stolen)));
        let thief = Server { config: Arc::new(config), ..thief };
        let pin = pin_of(&right.certificate).unwrap();
        assert!(meet(&thief, Pins::Known(vec![pin])).is_err());
    }
}
