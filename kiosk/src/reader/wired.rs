//! A Wiegand reader on two pins: edges from the pins, cards from the decoder.
//!
//! Must never: say anything of a frame but what kind of noise it was.

use super::format::Format;
use super::pins::Lines;
use super::wiegand::{Decoder, Heard, Timing};
use super::{Gone, Reader};
use crate::core::CardNumber;
use std::time::Duration;

/// While no frame has begun there is nothing to end; this long is waited at once.
const REST: Duration = Duration::from_secs(3600);

/// Such a reader.
pub struct Wired {
    lines: Box<dyn Lines>,
    decoder: Decoder,
    silence: Duration,
}

impl Wired {
    /// One on these lines.
    #[must_use]
    pub fn new(lines: Box<dyn Lines>, format: Format, timing: Timing) -> Self {
        let silence = Duration::from_micros(timing.silence_us);
        Self { lines, decoder: Decoder::new(format, timing), silence }
    }
}

impl Reader for Wired {
    fn name(&self) -> &'static str {
        "Wiegand reader"
    }

    fn next(&mut self) -> Result<CardNumber, Gone> {
        loop {
            let open = self.decoder.is_open();
            let wait = if open { self.silence } else { REST };
            let heard = match self.lines.edge(wait).map_err(|e| Gone(e.to_string()))? {
                Some(edge) => self.decoder.edge(edge),
                // Nothing came for the whole of the silence.
                None if open => self.decoder.silence(u64::MAX),
                None => None,
            };
            match heard {
                Some(Heard::Card(number)) => return Ok(number),
                Some(Heard::Noise(noise)) => tracing::debug!(%noise, "no card"),
                Some(Heard::Key) | None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pins::NoPins;
    use super::super::wiegand::{Edge, Line};
    use super::*;
    use std::collections::VecDeque;

    struct Played(VecDeque<Option<Edge>>);
    impl Lines for Played {
        fn edge(&mut self, _: Duration) -> Result<Option<Edge>, NoPins> {
            self.0.pop_front().ok_or_else(|| NoPins::new("the trace is over"))
        }
    }

    #[test]
    fn the_silence_after_the_last_edge_ends_the_frame() {
        let mut played = VecDeque::new();
        for (i, bit) in "00101101000000001010001000".bytes().enumerate() {
            let at_us = u64::try_from(i).unwrap() * 2_000;
            let line = if bit == b'1' { Line::D1 } else { Line::D0 };
            played.push_back(Some(Edge { line, falls: true, at_us }));
            played.push_back(Some(Edge { line, falls: false, at_us: at_us + 50 }));
        }
        played.push_back(None);
        let mut reader = Wired::new(Box::new(Played(played)), Format::W26, Timing::default());
        assert_eq!(reader.next().unwrap().0.as_str(), "09000324");
        assert_eq!(
            reader.next().unwrap_err().to_string(),
            "the pins of the card reader cannot be watched: the trace is over"
        );
    }
}
