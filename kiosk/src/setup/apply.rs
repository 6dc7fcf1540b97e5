//! Sets up the machine as the card says: the networks, the time, how the panel hangs, which keyboard is a card reader. Run as root before any of them begins,
//! by rollbook-setup.service.
//!
//! Must never: write outside the folders named here, or leave a secret readable for others.

use super::network::{Address, Wifi};
use super::{Rotation, Setup};
use crate::reader::settings::Settings;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// A file and its words.
struct Page {
    path: String,
    text: String,
    mode: u32,
}

/// Writes what follows from the card, under `root` (`/` on a kiosk); answers which files.
///
/// # Errors
/// When a file cannot be written.
pub fn apply(setup: &Setup, root: &Path) -> io::Result<Vec<String>> {
    let mut written = Vec::new();
    for page in pages(setup) {
        let path = root.join(&page.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(page.mode).open(&path)?;
        file.set_permissions(Permissions::from_mode(page.mode))?; // one that lay there may have been open to others
        file.write_all(page.text.as_bytes())?;
        written.push(format!("/{}", page.path));
    }
    Ok(written)
}

fn pages(setup: &Setup) -> Vec<Page> {
    let open = |path: &str, text| Page { path: path.to_owned(), text, mode: 0o644 };
    let mut pages = Vec::new();
    if let Some(Wifi { file, profile }) = &setup.wifi {
        pages.push(Page { path: format!("var/lib/iwd/{file}"), text: profile.clone(), mode: 0o600 });
    }
    if let Some(address) = &setup.ethernet {
        pages.push(open("run/systemd/network/10-rollbook.network", network(address)));
    }
    if let Some(time) = &setup.time {
        pages.push(open("run/systemd/timesyncd.conf.d/rollbook.conf", format!("[Time]\nNTP={time}\n")));
    }
    if let Some(matrix) = touch(setup.rotation) {
        let degrees = setup.rotation.degrees();
        pages.push(open("run/rollbook/kiosk.env", format!("SLINT_KMS_ROTATION={degrees}\n")));
        let rule = format!(
            "SUBSYSTEM==\"input\", KERNEL==\"event*\", ENV{{ID_INPUT_TOUCHSCREEN}}==\"1\", \
             ENV{{LIBINPUT_CALIBRATION_MATRIX}}=\"{matrix}\"\n"
        );
        pages.push(open("run/udev/rules.d/71-rollbook-touch.rules", rule));
    }
    // Files whose names say all: the units look for the first (rollbook-kiosk-cage), the image's udev rules for the second.
    if setup.cage {
        pages.push(open("run/rollbook/cage", String::new()));
    }
    if let Some(Settings::Keyboard { vendor, product }) = &setup.reader {
        pages.push(open(&format!("run/rollbook/keyboard-{vendor:04x}-{product:04x}"), String::new()));
    }
    pages
}

fn network(a: &Address) -> String {
    let (ip, length) = a.address;
    let mut text = format!("[Match]\nName=en* eth*\n\n[Network]\nAddress={ip}/{length}\n");
    if let Some(gateway) = a.gateway {
        let _ = writeln!(text, "Gateway={gateway}");
    }
    for dns in &a.dns {
        let _ = writeln!(text, "DNS={dns}");
    }
    text
}

/// The finger turns with the picture: the window turns what it draws, and libinput what it feels.
const fn touch(rotation: Rotation) -> Option<&'static str> {
    match rotation {
        Rotation::None => None,
        Rotation::Quarter => Some("0 1 0 -1 0 1"),
        Rotation::Half => Some("-1 0 1 0 -1 1"),
        Rotation::ThreeQuarters => Some("0 -1 1 1 0 0"),
    }
}
