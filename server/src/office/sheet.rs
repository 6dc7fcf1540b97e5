//! How one pupil stands in one session, as the office counts them.
//!
//! Must never: ask the database, or decide a mark. It only reads what was decided.

use shared::calendar::Half;
use shared::codes::{Class, Code};

/// Where a pupil is, as far as anybody has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stands {
    /// Nobody has said anything.
    Blank,
    /// Here on time.
    Here,
    /// Here, late (L or U).
    Late,
    /// At an activity elsewhere: counts as attended.
    Elsewhere,
    /// Not here, and somebody knows why.
    Known,
    /// Not here, and nobody knows why yet.
    Unknown,
    /// Expected to be absent, and the register has not closed.
    Expected,
    /// No attendance is taken of this pupil in this session.
    NotCounted,
}

/// What is known before the rules: the code that stands, the teacher's tap, a plan that covers the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// The code that stands.
    pub code: Option<Code>,
    /// The teacher tapped absent (posted as N only at close).
    pub tapped_absent: bool,
    /// A plan or a parent's call covers the session.
    pub planned: bool,
}

impl Stands {
    /// Of what was told.
    #[must_use]
    pub fn of(told: Told) -> Self {
        match told.code {
            Some(code) if code.late() => Self::Late,
            Some(Code::N) => Self::Unknown,
            Some(code) => match code.class() {
                Class::Attending => Self::Here,
                Class::Educational => Self::Elsewhere,
                Class::Authorised | Class::Unauthorised | Class::NotPossible => Self::Known,
                Class::Administrative => Self::NotCounted,
            },
            None if told.planned && told.tapped_absent => Self::Known,
            None if told.planned => Self::Expected,
            None if told.tapped_absent => Self::Unknown,
            None => Self::Blank,
        }
    }
    /// Whether the register has a word about this pupil.
    #[must_use]
    pub const fn marked(self) -> bool {
        !matches!(self, Self::Blank | Self::Expected)
    }
    /// Class name of its colour and sign.
    #[must_use]
    pub const fn colour(self) -> &'static str {
        match self {
            Self::Here => "present",
            Self::Late => "late",
            Self::Known | Self::Unknown => "absent",
            Self::Elsewhere | Self::Expected | Self::NotCounted => "quiet",
            Self::Blank => "blank",
        }
    }
    /// In a word or two.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Late => "late",
            Self::Known => "absent",
            Self::Unknown => "absent, no reason yet",
            Self::Elsewhere => "elsewhere",
            Self::Expected => "expected absent",
            Self::NotCounted => "not counted",
            Self::Blank => "no mark",
        }
    }
    /// The stroke of the register book: `/` in the morning, `\` in the afternoon, a ring, an L. As SVG path data.
    #[must_use]
    pub const fn path(self, half: Half) -> &'static str {
        match (self, half) {
            (Self::Here, Half::Am) => "M6 20 18 4",
            (Self::Here, Half::Pm) => "M6 4 18 20",
            (Self::Late, _) => "M8 4V20H17",
            (Self::Known | Self::Unknown, _) => "M12 4.5a7.5 7.5 0 1 0 .01 0Z",
            (Self::Elsewhere | Self::Expected | Self::NotCounted, _) => "M6 12H18",
            (Self::Blank, _) => "",
        }
    }
}

/// Pupils by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// On roll.
    pub pupils: usize,
    /// With a word about them.
    pub marked: usize,
    /// Here, late ones too.
    pub here: usize,
    /// Late.
    pub late: usize,
    /// At an activity elsewhere.
    pub elsewhere: usize,
    /// Absent or expected absent, with a reason known.
    pub known: usize,
    /// Absent, no reason yet.
    pub unknown: usize,
}

impl Tally {
    /// Counts one more pupil.
    pub const fn add(&mut self, stands: Stands) {
        if matches!(stands, Stands::NotCounted) {
            return;
        }
        self.pupils += 1;
        self.marked += stands.marked() as usize;
        match stands {
            Stands::Here => self.here += 1,
            Stands::Late => {
                self.here += 1;
                self.late += 1;
            }
            Stands::Elsewhere => self.elsewhere += 1,
            Stands::Known | Stands::Expected => self.known += 1,
            Stands::Unknown => self.unknown += 1,
            Stands::Blank | Stands::NotCounted => {}
        }
    }
    /// Adds another tally.
    pub const fn plus(&mut self, other: Self) {
        self.pupils += other.pupils;
        self.marked += other.marked;
        self.here += other.here;
        self.late += other.late;
        self.elsewhere += other.elsewhere;
        self.known += other.known;
        self.unknown += other.unknown;
    }
    /// Absent, known or not.
    #[must_use]
    pub const fn absent(self) -> usize {
        self.known + self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Told {
        Told { code: Some(text.parse().unwrap()), ..Told::default() }
    }

    #[test]
    fn every_code_stands_somewhere_and_is_counted_once() {
        for c in Code::all() {
            let stands = Stands::of(Told { code: Some(c), ..Told::default() });
            assert_ne!(stands, Stands::Blank);
            let mut tally = Tally::default();
            tally.add(stands);
            assert_eq!(tally.here + tally.elsewhere + tally.absent(), tally.pupils, "{c}");
        }
    }

    #[test]
    fn a_tap_of_absent_has_no_reason_until_somebody_tells() {
        let tapped = Told { tapped_absent: true, ..Told::default() };
        assert_eq!(Stands::of(tapped), Stands::Unknown);
        assert_eq!(Stands::of(Told { planned: true, ..tapped }), Stands::Known);
        assert_eq!(Stands::of(Told { planned: true, ..Told::default() }), Stands::Expected);
        assert_eq!(Stands::of(code("N")), Stands::Unknown);
        assert_eq!(Stands::of(code("I")), Stands::Known);
        assert_eq!(Stands::of(code("U")), Stands::Late);
        assert_eq!(Stands::of(code("V")), Stands::Elsewhere);
        assert_eq!(Stands::of(code("#")), Stands::NotCounted);
    }
}
