//! The two pins of a Wiegand reader: by the kernel's GPIO character device, or by /dev/gpiomem.
//!
//! Must never: do more than hand on edges with the time that the kernel gave them.

use super::settings::{Pins, Wiegand};
use super::wiegand::{Edge, Line};
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

/// Two lines that can be watched.
pub trait Lines: Send {
    /// The next edge; none if none came within `wait`.
    ///
    /// # Errors
    /// [`NoPins`] when they cannot be watched any more.
    fn edge(&mut self, wait: Duration) -> Result<Option<Edge>, NoPins>;
}

/// Why the pins cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("the pins of the card reader cannot be watched: {0}")]
pub struct NoPins(String);

impl NoPins {
    /// For this reason.
    #[must_use]
    pub fn new(why: impl ToString) -> Self {
        Self(why.to_string())
    }
}

/// Edges that may wait to be read: a frame has 52 to 68.
const KEPT: u32 = 512;

/// Opens the pins.
///
/// # Errors
/// [`NoPins`].
pub fn open(settings: &Wiegand) -> Result<Box<dyn Lines>, NoPins> {
    let gpiomem = match settings.pins {
        Pins::Gpiomem => true,
        Pins::Chip => false,
        Pins::Auto => ["/dev/gpiomem", "/dev/gpiomem0"].iter().any(|p| Path::new(p).exists()),
    };
    if gpiomem { Ok(Box::new(Mem::open(settings)?)) } else { Ok(Box::new(Chip::open(settings)?)) }
}

/// A pulse as two edges, of which the second is at its heels. Only falls are asked for: of a rise the kernel would know by looking
/// at the pin when its own thread runs, and a pulse of 50 µs is over by then. So it would call falls rises, and lose bits.
const fn rise(fall: Edge) -> Edge {
    Edge { line: fall.line, falls: false, at_us: fall.at_us }
}

/// By the character device.
struct Chip {
    request: gpiocdev::Request,
    d0: u32,
    rise: Option<Edge>,
}

impl Chip {
    fn open(settings: &Wiegand) -> Result<Self, NoPins> {
        use gpiocdev::line::{Bias, EdgeDetection};
        let request = gpiocdev::Request::builder()
            .on_chip(&settings.chip)
            .with_consumer("rollbook-kiosk")
            .with_lines(&[settings.d0, settings.d1])
            .as_input()
            .with_bias(Bias::PullUp)
            .with_edge_detection(EdgeDetection::FallingEdge)
            .with_kernel_event_buffer_size(KEPT)
            .request()
            .map_err(|e| NoPins(format!("{}: {e}", settings.chip.display())))?;
        Ok(Self { request, d0: settings.d0, rise: None })
    }
}

impl Lines for Chip {
    fn edge(&mut self, wait: Duration) -> Result<Option<Edge>, NoPins> {
        let gone = |e: gpiocdev::Error| NoPins(e.to_string());
        if let Some(rise) = self.rise.take() {
            return Ok(Some(rise));
        }
        if !self.request.wait_edge_event(wait).map_err(gone)? {
            return Ok(None);
        }
        let event = self.request.read_edge_event().map_err(gone)?;
        let line = if event.offset == self.d0 { Line::D0 } else { Line::D1 };
        let fall = Edge { line, falls: true, at_us: event.timestamp_ns / 1000 };
        self.rise = Some(rise(fall));
        Ok(Some(fall))
    }
}

/// By /dev/gpiomem. Each pin has a queue of its own there, so what waits is put in order by its time.
struct Mem {
    gpio: rppal::gpio::Gpio,
    d0: rppal::gpio::InputPin,
    d1: rppal::gpio::InputPin,
    waiting: VecDeque<Edge>,
}

impl Mem {
    fn open(settings: &Wiegand) -> Result<Self, NoPins> {
        use rppal::gpio::{Gpio, Trigger};
        let broken = |e: rppal::gpio::Error| NoPins(e.to_string());
        let gpio = Gpio::new().map_err(broken)?;
        let pin = |n: u32| {
            let n = u8::try_from(n).map_err(|_| NoPins(format!("there is no pin {n}")))?;
            let mut pin = gpio.get(n).map_err(broken)?.into_input_pullup();
            pin.set_interrupt(Trigger::FallingEdge, None).map_err(broken)?;
            Ok(pin)
        };
        let (d0, d1) = (pin(settings.d0)?, pin(settings.d1)?);
        Ok(Self { gpio, d0, d1, waiting: VecDeque::new() })
    }
}

impl Lines for Mem {
    fn edge(&mut self, wait: Duration) -> Result<Option<Edge>, NoPins> {
        let mut wait = wait;
        while self.waiting.len() < KEPT as usize {
            let found = self
                .gpio
                .poll_interrupts(&[&self.d0, &self.d1], false, Some(wait))
                .map_err(|e| NoPins(e.to_string()))?;
            let Some((pin, event)) = found else { break };
            let line = if pin.pin() == self.d0.pin() { Line::D0 } else { Line::D1 };
            let at_us = u64::try_from(event.timestamp.as_micros()).unwrap_or(u64::MAX);
            let fall = Edge { line, falls: true, at_us };
            self.waiting.extend([fall, rise(fall)]);
            wait = Duration::ZERO;
        }
        self.waiting.make_contiguous().sort_by_key(|e| e.at_us);
        Ok(self.waiting.pop_front())
    }
}
