//! How the screens are dressed: colours and size of letters, as the school or whoever set up this kiosk chose.
//!
//! Must never: know a colour (the window's tokens do).

use super::model::Model;
use shared::wire::v1::Palette;

/// How the screens are dressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Light, dark or high contrast.
    pub palette: Palette,
    /// Larger letters.
    pub large: bool,
}

/// What somebody decided for this one kiosk; it goes before the school's choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnLook {
    /// The colours.
    pub palette: Option<Palette>,
    /// Larger letters.
    pub large: Option<bool>,
}

impl OwnLook {
    /// The school's choice, and what was decided for this kiosk over it.
    #[must_use]
    pub fn over(&self, school: Look) -> Look {
        Look { palette: self.palette.unwrap_or(school.palette), large: self.large.unwrap_or(school.large) }
    }
}

/// The school's choice.
#[must_use]
pub fn look(model: &Model) -> Look {
    let choices = model.book.settings.as_ref().map(|s| &s.choices);
    choices.map_or_else(Look::default, |c| Look { palette: c.palette, large: c.large_text })
}
