//! A Wiegand reader on the machine's pins: frames as edges on lines 0 and 1 of its PL061, through QEMU's qtest socket, against
//! the kernel's own driver.
//!
//! Must never: say anything of a real reader's timing: an edge waits here until the kernel has seen the one before.

use super::qmp::{Qmp, connect};
use crate::process::Trouble;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// The pins.
pub struct Pins {
    to: UnixStream,
    from: BufReader<UnixStream>,
    chip: String,
}

/// The raw interrupts of the PL061.
const SEEN: &str = "readl 0x09030414";

impl Pins {
    /// Takes them, both high as a reader at rest has them.
    ///
    /// # Errors
    /// When the machine has no such chip.
    pub fn open(socket: &Path, qmp: &mut Qmp) -> Result<Self, Trouble> {
        let parts = qmp.ask("qom-list", json!({ "path": "/machine/unattached" }))?;
        let chip = parts
            .as_array()
            .and_then(|parts| parts.iter().find(|part| part["type"] == "child<pl061>"))
            .and_then(|part| part["name"].as_str())
            .ok_or("the machine has no PL061")?;
        let to = connect(socket)?;
        let chip = format!("/machine/unattached/{chip}");
        let mut pins = Self { from: BufReader::new(to.try_clone()?), to, chip };
        pins.set(0, true)?;
        pins.set(1, true)?;
        Ok(pins)
    }

    fn ask(&mut self, line: &str) -> Result<String, Trouble> {
        writeln!(self.to, "{line}")?;
        loop {
            let mut answer = String::new();
            self.from.read_line(&mut answer)?;
            if answer.starts_with("OK") {
                return Ok(answer.trim().to_owned());
            }
            if answer.is_empty() || answer.starts_with("FAIL") || answer.starts_with("ERR") {
                return Err(format!("qtest: {line}: {}", answer.trim()).into());
            }
        }
    }

    fn set(&mut self, line: u32, high: bool) -> Result<(), Trouble> {
        let chip = self.chip.clone();
        self.ask(&format!("set_irq_in {chip} unnamed-gpio-in {line} {}", u8::from(high)))?;
        Ok(())
    }

    /// One card, 26 bits, with its number as a USB reader would type it: facility and card as one of 24 bits.
    ///
    /// # Errors
    /// When the pins cannot be moved.
    pub fn card(&mut self, number: &str) -> Result<(), Trouble> {
        let data: u32 = number.parse()?;
        let (high, low) = (data >> 12, data & 0xfff);
        let frame = ((high.count_ones() % 2) << 25) | (data << 1) | (1 - low.count_ones() % 2);
        for bit in (0..26).rev() {
            let line = (frame >> bit) & 1;
            self.set(line, false)?;
            let begun = Instant::now();
            loop {
                let answer = self.ask(SEEN)?;
                let bits = answer
                    .split_whitespace()
                    .nth(1)
                    .and_then(|n| u32::from_str_radix(n.trim_start_matches("0x"), 16).ok());
                if bits.is_some_and(|bits| bits & (1 << line) == 0) {
                    break;
                }
                if begun.elapsed() > Duration::from_secs(60) {
                    return Err("the kernel does not hear the pins: nobody has asked for them".into());
                }
            }
            self.set(line, true)?;
            std::thread::sleep(Duration::from_millis(4));
        }
        Ok(())
    }
}
