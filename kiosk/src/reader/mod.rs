//! Where card numbers come from. Each reader tells the hub, and nobody else.
//!
//! Must never: log a number, or type into the screen's own fields.

pub mod format;
pub mod grab;
pub mod keyboard;
pub mod keys;
#[cfg(feature = "gpio")]
pub mod pins;
pub mod settings;
pub mod wiegand;
#[cfg(feature = "gpio")]
pub mod wired;

use crate::core::{CardNumber, Msg};
use crate::hub::HubHandle;
use settings::Settings;
use std::time::Duration;

/// A reader that is not there is looked for again after so long.
const AGAIN: Duration = Duration::from_secs(5);

/// Why a reader gives no card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Gone(pub String);

/// Something that reads cards.
pub trait Reader {
    /// Its name, for a person: "USB reader".
    fn name(&self) -> &'static str;
    /// Waits for the next card.
    ///
    /// # Errors
    /// [`Gone`], when there will be none.
    fn next(&mut self) -> Result<CardNumber, Gone>;
}

/// Tells the hub of every card until the reader is gone. Blocks: give it a thread.
pub fn run(reader: &mut dyn Reader, hub: &HubHandle) -> Gone {
    loop {
        match reader.next() {
            Ok(number) => hub.send(Msg::Card { number }),
            Err(gone) => return gone,
        }
    }
}

/// Keeps a reader for as long as the kiosk runs, on a thread of its own: one that is not there, or was pulled out, is told as
/// a fault and looked for again.
///
/// # Errors
/// When the system refuses a thread.
pub fn keep(settings: Settings, hub: HubHandle) -> std::io::Result<()> {
    std::thread::Builder::new().name("reader".into()).spawn(move || {
        let mut told = None;
        while !hub.is_gone() {
            let gone = match open(&settings) {
                Ok(mut reader) => {
                    tracing::info!(reader = reader.name(), "the card reader answers");
                    hub.reader(false);
                    told = None;
                    run(reader.as_mut(), &hub)
                }
                Err(gone) => gone,
            };
            hub.reader(true);
            if told.as_ref() != Some(&gone) {
                tracing::warn!(why = %gone, "the card reader does not answer; names still work");
                told = Some(gone);
            }
            hub.wait_gone(AGAIN);
        }
    })?;
    Ok(())
}

fn open(settings: &Settings) -> Result<Box<dyn Reader>, Gone> {
    match settings {
        Settings::Keyboard { vendor, product } => Ok(Box::new(grab::open(*vendor, *product)?)),
        #[cfg(feature = "gpio")]
        Settings::Wiegand(wiegand) => {
            let lines = pins::open(wiegand).map_err(|e| Gone(e.to_string()))?;
            Ok(Box::new(wired::Wired::new(lines, wiegand.format, wiegand.timing)))
        }
        #[cfg(not(feature = "gpio"))]
        Settings::Wiegand(_) => Err(Gone(
            "this program was built without GPIO: build it with `--features gpio` for a Wiegand reader".to_owned(),
        )),
    }
}

/// A reader that reads what a script holds out to it: for tests and demonstrations.
pub struct Script<I>(pub I);

impl<I: Iterator<Item = String>> Reader for Script<I> {
    fn name(&self) -> &'static str {
        "script"
    }
    fn next(&mut self) -> Result<CardNumber, Gone> {
        let next = self.0.find_map(|digits| shared::text::Text::new(&digits).ok().map(CardNumber));
        next.ok_or_else(|| Gone("the script has no more cards".to_owned()))
    }
}
