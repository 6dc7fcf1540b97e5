//! A USB reader taken for this program alone (EVIOCGRAB): what it types reaches no field, no other program and no console.
//!
//! A reader may show itself as two devices, one of them without digits: every device of its vendor and product that has
//! keys is taken, and whichever types is heard. Layout of the keyboard does not matter: a key is its place.
//!
//! Must never: share a device, or log what was typed.

use super::keyboard::Decoder;
use super::keys::{Press, digit};
use super::{Gone, Reader};
use crate::core::CardNumber;
use evdev::{Device, EventSummary, KeyCode};
use rustix::event::{PollFd, PollFlags, poll};
use shared::time::Mono;
use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

/// Event devices of one reader, each with its own digits so far.
pub struct Grabbed {
    devices: Vec<(Device, Decoder)>,
    /// Read, and not asked for yet.
    cards: VecDeque<CardNumber>,
}

/// Takes every device of this vendor and product that has keys.
///
/// # Errors
/// [`Gone`], when there is none, or somebody else has it.
pub fn open(vendor: u16, product: u16) -> Result<Grabbed, Gone> {
    let mut devices = Vec::new();
    for (path, mut device) in evdev::enumerate() {
        let id = device.input_id();
        if (id.vendor(), id.product()) != (vendor, product) {
            continue;
        }
        // Without keys it is a light, a dial or a mouse.
        let Some(keys) = device.supported_keys() else { continue };
        let types = keys.contains(KeyCode::KEY_0) && keys.contains(KeyCode::KEY_ENTER);
        device.grab().map_err(|e| Gone(format!("{} cannot be taken for this kiosk alone: {e}", path.display())))?;
        tracing::info!(device = %path.display(), types, "taken for the card reader");
        devices.push((device, Decoder::default()));
    }
    if devices.is_empty() {
        return Err(Gone(format!(
            "no input device has vendor {vendor:#06x} and product {product:#06x}, or this user may not read it"
        )));
    }
    Ok(Grabbed { devices, cards: VecDeque::new() })
}

/// Input devices with digits, a line for each, as `[reader]` asks for them.
#[must_use]
pub fn list() -> Vec<String> {
    let types = |device: &Device| device.supported_keys().is_some_and(|keys| keys.contains(KeyCode::KEY_0));
    evdev::enumerate()
        .filter(|(_, device)| types(device))
        .map(|(path, device)| {
            let id = device.input_id();
            let name = device.name().unwrap_or("no name");
            format!("vendor = {:#06x}  product = {:#06x}   {name}   {}", id.vendor(), id.product(), path.display())
        })
        .collect()
}

impl Reader for Grabbed {
    fn name(&self) -> &'static str {
        "USB reader"
    }

    fn next(&mut self) -> Result<CardNumber, Gone> {
        loop {
            if let Some(number) = self.cards.pop_front() {
                return Ok(number);
            }
            let mut waiting: Vec<PollFd<'_>> =
                self.devices.iter().map(|(device, _)| PollFd::new(device, PollFlags::IN)).collect();
            match poll(&mut waiting, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Gone(error.to_string())),
            }
            let ready: Vec<bool> = waiting.iter().map(|fd| !fd.revents().is_empty()).collect();
            for ((device, decoder), _) in self.devices.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
                let events = device.fetch_events().map_err(|e| Gone(e.to_string()))?;
                for event in events {
                    let EventSummary::Key(_, key, value) = event.destructure() else { continue };
                    let typed = digit(key.code(), Press::of(value));
                    self.cards.extend(typed.and_then(|c| decoder.key(c, at(event.timestamp()))));
                }
            }
        }
    }
}

fn at(time: SystemTime) -> Mono {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Mono(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
