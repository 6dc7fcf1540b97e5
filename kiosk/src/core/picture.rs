//! What is drawn beside the words of a reason, or of who collects: chosen by the words, which are the school's own.
//!
//! Must never: be the only thing that tells two answers apart. The words stand below.

use serde::Serialize;
use shared::text::Name;

/// Words with a picture, for those who do not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pictured {
    /// "Traffic or bus".
    pub words: Name,
    /// What is drawn.
    pub picture: Picture,
}

/// What can be drawn beside words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// The moon over a bed.
    Bed,
    /// A bus.
    Bus,
    /// A car.
    Car,
    /// A leaf of a calendar.
    Calendar,
    /// A thermometer.
    Thermometer,
    /// A house.
    House,
    /// A cloud with rain.
    Rain,
    /// A grown-up and a child.
    Parent,
    /// Somebody with a stick.
    Grandparent,
    /// Two grown-ups.
    Relatives,
    /// One person, walking.
    Alone,
    /// A bubble of speech with three dots.
    Bubble,
}

/// Words that begin a word, and what they have drawn; the first that fits.
const DRAWN: [(&[&str], Picture); 11] = [
    (&["overslept", "slept", "sleep", "woke", "alarm"], Picture::Bed),
    (&["traffic", "bus", "train", "transport", "tram"], Picture::Bus),
    (&["appointment", "dentist", "doctor", "hospital", "clinic", "medical"], Picture::Calendar),
    (&["unwell", "ill", "sick", "poorly"], Picture::Thermometer),
    (&["weather", "rain", "snow", "ice", "flood"], Picture::Rain),
    (&["grand", "gran", "nan"], Picture::Grandparent),
    (&["parent", "carer", "mum", "dad", "mother", "father"], Picture::Parent),
    (&["relative", "aunt", "uncle", "brother", "sister", "cousin"], Picture::Relatives),
    (&["taxi", "car", "cab", "minibus"], Picture::Car),
    (&["own", "alone", "myself", "walk"], Picture::Alone),
    (&["family", "home", "house"], Picture::House),
];

impl Pictured {
    /// These words, with what fits them; else a bubble of speech.
    #[must_use]
    pub fn new(words: Name) -> Self {
        let lower = words.to_lowercase();
        let says = |begin: &&str| lower.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(begin));
        let found = DRAWN.iter().find(|(begins, _)| begins.iter().any(&says));
        Self { words, picture: found.map_or(Picture::Bubble, |(_, picture)| *picture) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_new_school_have_pictures_of_their_own() {
        for (words, picture) in [
            ("Overslept", Picture::Bed),
            ("Traffic or transport", Picture::Bus),
            ("Appointment", Picture::Calendar),
            ("Unwell this morning", Picture::Thermometer),
            ("Family reasons", Picture::House),
            ("Other", Picture::Bubble),
            ("Parent or carer", Picture::Parent),
            ("Grandparent", Picture::Grandparent),
            ("Another relative", Picture::Relatives),
            ("Taxi or minibus", Picture::Car),
            ("Somebody else", Picture::Bubble),
            ("On my own", Picture::Alone),
            ("Welsh Nation Day", Picture::Bubble),
        ] {
            assert_eq!(Pictured::new(Name::new(words).unwrap()).picture, picture, "{words}");
        }
    }
}
