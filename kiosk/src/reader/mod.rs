//! Where card numbers come from. Each reader tells the hub, and nobody else.
//!
//! Must never: log a number, or type into the screen's own fields.

pub mod keyboard;

use crate::core::{CardNumber, Msg};
use crate::hub::HubHandle;

/// Something that reads cards.
pub trait Reader {
    /// Its name, for a person: "keyboard reader".
    fn name(&self) -> &'static str;
    /// Waits for the next card. `None`: the reader is gone.
    fn next(&mut self) -> Option<CardNumber>;
}

/// Tells the hub of every card until the reader is gone. Blocks: give it a thread.
pub fn run(reader: &mut dyn Reader, hub: &HubHandle) {
    while let Some(number) = reader.next() {
        hub.send(Msg::Card { number });
    }
    tracing::warn!(reader = reader.name(), "the reader is gone");
}

/// A reader that reads what a script holds out to it: for tests and demonstrations.
pub struct Script<I>(pub I);

impl<I: Iterator<Item = String>> Reader for Script<I> {
    fn name(&self) -> &'static str {
        "script"
    }
    fn next(&mut self) -> Option<CardNumber> {
        self.0.find_map(|digits| shared::text::Text::new(&digits).ok().map(CardNumber))
    }
}
