//! The network on a kiosk's card: a wireless one as iwd keeps it, or an address of its own on the cable.
//!
//! Must never: let a value become more lines of a file than it is.

use serde::Deserialize;
use std::fmt::Write as _;
use std::net::IpAddr;

/// `[wifi]` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenWifi {
    name: String,
    password: Option<String>,
    profile: Option<String>,
}

/// `[ethernet]` as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAddress {
    address: String,
    gateway: Option<String>,
    #[serde(default)]
    dns: Vec<String>,
}

/// A wireless network.
#[derive(Clone, PartialEq, Eq)]
pub struct Wifi {
    /// The file in iwd's folder.
    pub file: String,
    /// What stands in it.
    pub profile: String,
}

/// Without what stands in it: it is a secret.
impl std::fmt::Debug for Wifi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wifi({})", self.file)
    }
}

/// An address of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As 10.1.2.3/24.
    pub address: (IpAddr, u8),
    /// The way out.
    pub gateway: Option<IpAddr>,
    /// Who knows names.
    pub dns: Vec<IpAddr>,
}

/// Checks a wireless network: a password, a profile of iwd's own (WPA-Enterprise), or neither where it is open.
///
/// # Errors
/// In words.
pub fn wifi(w: &WrittenWifi) -> Result<Wifi, String> {
    if w.name.is_empty() || w.name.len() > 32 {
        return Err("a wireless network's name has 1 to 32 letters".to_owned());
    }
    let (kind, profile) = match (&w.password, &w.profile) {
        (Some(_), Some(_)) => return Err("[wifi] has a password or a profile, not both".to_owned()),
        (None, None) => ("open", String::new()),
        (Some(password), None) => {
            if !(8..=63).contains(&password.len()) || password.chars().any(char::is_control) {
                return Err("a wireless network's password has 8 to 63 letters".to_owned());
            }
            ("psk", format!("[Security]\nPassphrase={}\n", escaped(password)))
        }
        (None, Some(profile)) => {
            if !profile.lines().any(|line| line.trim() == "[Security]") {
                return Err("a profile of iwd has a part [Security]".to_owned());
            }
            let enterprise = profile.lines().any(|line| line.trim_start().starts_with("EAP-Method"));
            (if enterprise { "8021x" } else { "psk" }, profile.trim_start().to_owned() + "\n")
        }
    };
    Ok(Wifi { file: format!("{}.{kind}", file_name(&w.name)), profile })
}

/// A network's name as iwd names its file: as it is where it has plain letters only, else in hexadecimal.
fn file_name(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-')) {
        return name.to_owned();
    }
    name.bytes().fold("=".to_owned(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A value as iwd's files (those of ell) escape it: backslashes, and a blank at its beginning.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\");
    match text.strip_prefix(' ') {
        Some(rest) => format!("\\s{rest}"),
        None => text,
    }
}

/// Checks an address.
///
/// # Errors
/// In words.
pub fn address(w: &WrittenAddress) -> Result<Address, String> {
    let wrong = || format!("{:?} is not an address with its length, as 10.1.2.3/24", w.address);
    let (ip, length) = w.address.split_once('/').ok_or_else(wrong)?;
    let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let length = length.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(wrong)?;
    let plain = |text: &String| text.parse::<IpAddr>().map_err(|_| format!("{text:?} is not an address, as 10.1.2.1"));
    Ok(Address {
        address: (ip, length),
        gateway: w.gateway.as_ref().map(plain).transpose()?,
        dns: w.dns.iter().map(plain).collect::<Result<_, _>>()?,
    })
}
