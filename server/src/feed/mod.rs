//! The feed: what kiosks may know, as rows that they pull. Built from the tables, row by row as they change.
//!
//! Must never: carry a code, a reason, a date of birth, a UPN or a contact (law 8).

mod day;
mod door;
mod marks;
mod page;
mod roster;
mod rows;

pub use day::{expected_in, expected_of, refresh_day, touch_expected};
pub use door::{passages, roll_calls, touch_accounted, touch_passage, touch_roll_call, was_seen};
pub use marks::{Shown, Slots, new_mark, slots, touch_mark, touch_register};
pub use page::{Reader, mode, page, reader};
pub use roster::{choices, refresh_roster, renew, touch_choices, touch_kiosk, touch_kiosks};
pub use rows::{Audience, NewRow, gone, head, put, put_new};

#[cfg(test)]
mod tests;
