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
use evdev::{AttributeSetRef, Device, EventSummary, KeyCode};
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

/// What an input device is to a reader of this vendor and product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It is somebody else's, or has no keys: a light, a dial, a mouse's wheel.
    None,
    /// It has keys, but no digits: the second device of a reader that shows itself as two. Taken too, so that nothing it
    /// types reaches anybody.
    Silent,
    /// It types numbers.
    Types,
}

fn part(is: (u16, u16), wanted: (u16, u16), keys: Option<&AttributeSetRef<KeyCode>>) -> Part {
    match keys {
        Some(keys) if is == wanted => {
            let types = keys.contains(KeyCode::KEY_0) && keys.contains(KeyCode::KEY_ENTER);
            if types { Part::Types } else { Part::Silent }
        }
        _ => Part::None,
    }
}

/// Takes every device of this vendor and product that has keys.
///
/// # Errors
/// [`Gone`], when there is none, or somebody else has it.
pub fn open(vendor: u16, product: u16) -> Result<Grabbed, Gone> {
    let mut devices = Vec::new();
    for (path, mut device) in evdev::enumerate() {
        let id = device.input_id();
        let part = part((id.vendor(), id.product()), (vendor, product), device.supported_keys());
        if part == Part::None {
            continue;
        }
        device.grab().map_err(|e| Gone(format!("{} cannot be taken for this kiosk alone: {e}", path.display())))?;
        tracing::info!(device = %path.display(), ?part, "taken for the card reader");
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

#[cfg(test)]
mod tests {
    use super::*;
    use evdev::AttributeSet;

    fn keys(of: &[KeyCode]) -> AttributeSet<KeyCode> {
        of.iter().collect()
    }

    /// As a common reader of 125 kHz cards shows itself: a keyboard, and a second device with media keys.
    #[test]
    fn both_devices_of_a_reader_are_taken_and_no_other() {
        let reader = (0xffff, 0x0035);
        let keyboard = keys(&[KeyCode::KEY_0, KeyCode::KEY_1, KeyCode::KEY_ENTER]);
        let media = keys(&[KeyCode::KEY_VOLUMEUP, KeyCode::KEY_MUTE]);
        assert_eq!(part(reader, reader, Some(&keyboard)), Part::Types);
        assert_eq!(part(reader, reader, Some(&media)), Part::Silent);
        assert_eq!(part(reader, reader, None), Part::None, "a light of the same maker");
        assert_eq!(part((0x046d, 0xc31c), reader, Some(&keyboard)), Part::None, "the teacher's own keyboard");
        assert_eq!(part((0xffff, 0x0036), reader, Some(&keyboard)), Part::None, "another product of the same maker");
    }

    /// Digits without Enter end no number.
    #[test]
    fn a_keypad_without_enter_is_silent() {
        assert_eq!(part((1, 2), (1, 2), Some(&keys(&[KeyCode::KEY_0]))), Part::Silent);
    }
}
