//! Ways from one Today page to another: the other half of the day, the school day before and after.
//!
//! Must never: lead to a day that has not come.

use super::view::Scene;
use crate::office::words;
use chrono::NaiveDate;
use shared::calendar::{Day, Half, SessionKey};

/// Something to choose.
pub struct Choice {
    /// Where to.
    pub href: String,
    /// What it says.
    pub name: String,
    /// Whether this is it.
    pub here: bool,
}

/// This half of the day.
pub(super) fn half_choice(scene: Scene<'_>, half: Half) -> Choice {
    let name = match half {
        Half::Am => "Morning",
        Half::Pm => "Afternoon",
    };
    Choice {
        href: address(scene, SessionKey { half, ..scene.session }),
        name: name.to_owned(),
        here: scene.session.half == half,
    }
}

/// The page of a session: short for today's.
fn address(scene: Scene<'_>, session: SessionKey) -> String {
    let half = match session.half {
        Half::Am => "am",
        Half::Pm => "pm",
    };
    if session.date == scene.calendar.date_of(scene.now) {
        format!("/today?half={half}")
    } else {
        format!("/today?date={}&half={half}", session.date)
    }
}

/// The nearest school day before or after (never after today).
pub(super) fn neighbour(scene: Scene<'_>, after: bool) -> Option<Choice> {
    let Scene { calendar, session, now, .. } = scene;
    let today = calendar.date_of(now);
    let step = |date: NaiveDate| if after { date.succ_opt() } else { date.pred_opt() };
    let mut date = step(session.date)?;
    // Six weeks reach over the longest holiday.
    for _ in 0..60 {
        if after && date > today {
            return None;
        }
        if date == today || matches!(calendar.day(date), Day::School { .. }) {
            let key = SessionKey { date, half: session.half };
            let name = if date == today { "Today".to_owned() } else { words::short_day(date) };
            return Some(Choice { href: address(scene, key), name, here: false });
        }
        date = step(date)?;
    }
    None
}
