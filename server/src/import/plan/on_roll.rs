//! Joining and leaving: the admission register's dates.
//!
//! Must never: shorten an enrolment behind a mark that stands, or forget an earlier enrolment.

use super::places::{self, Frame};
use super::{last_slot, year_start};
use crate::import::held::{Enrolment, Member};
use crate::import::roster::Pupil;
use chrono::NaiveDate;
use shared::calendar::Half;

/// Ends the enrolment and the places of somebody who has left.
pub fn leave(
    rolls: &[Enrolment],
    stood: &[Member],
    said: Option<NaiveDate>,
    frame: Frame,
) -> (Vec<Enrolment>, Vec<Member>) {
    let inferred = last_slot(frame);
    let marked = frame.last_mark.map(|(d, _)| d);
    let said = said.filter(|s| *s < frame.today && marked.is_none_or(|m| m <= *s));
    let day = said.unwrap_or(inferred.0);
    let mut then: Vec<Enrolment> = Vec::new();
    let mut last = said.map_or(inferred, |d| (d, Half::Pm));
    for e in rolls {
        if e.left.is_some_and(|l| l < frame.today) {
            then.push(*e);
        } else if e.joined > frame.today {
            // Never came: there is nothing to keep.
        } else {
            let left = day.max(e.joined);
            if left > last.0 {
                last = (left, Half::Pm);
            }
            then.push(Enrolment { left: Some(left), ..*e });
        }
    }
    (then, places::leave(stood, last))
}

/// The enrolment of somebody whom the file names, and places within it.
pub fn stay(
    rolls: &[Enrolment],
    mut members: Vec<Member>,
    pupil: Option<&Pupil>,
    frame: Frame,
) -> (Vec<Enrolment>, Vec<Member>) {
    let mut then = rolls.to_vec();
    let today = frame.today;
    let (joined, mut left, said) = pupil.map_or((None, None, false), |p| (p.joined, p.left, p.left_is_said));
    if !said {
        // A role that ends with the school year is no leaving: only an end that has come is.
        left = left.filter(|l| *l < today);
    }
    let first_place = members.iter().map(|m| m.from).min();
    let earlier = then.iter().rev().nth(1).and_then(|e| e.left);
    match then.last_mut() {
        None if pupil.is_some() => {
            let joined = joined.or(first_place).unwrap_or_else(|| left.unwrap_or(today).min(year_start(today)));
            then.push(Enrolment { joined, left: left.filter(|l| *l >= joined) });
        }
        None => {}
        Some(open) if open.left.is_none_or(|l| l >= today) => {
            // One who came back joined twice; a file that knows the first time only does not undo the second.
            if let Some(joined) = joined
                && left.is_none_or(|l| l >= joined)
                && earlier.is_none_or(|l| joined > l)
            {
                open.joined = joined;
            }
            if said || left.is_some() {
                open.left = left.filter(|l| *l >= open.joined);
            }
        }
        Some(closed) => match left {
            Some(l) if l < today => {
                // The same leaving, told again or more exactly.
                if l >= closed.joined && frame.last_mark.is_none_or(|(m, _)| m <= l) {
                    closed.left = Some(l);
                }
            }
            _ if pupil.is_none() => {}
            _ => {
                let back = joined.filter(|j| closed.left.is_some_and(|l| *j > l)).or_else(|| back(&members, closed));
                let back = back.unwrap_or(today);
                then.push(Enrolment { joined: back, left });
            }
        },
    }
    // One who leaves today or later keeps the places until then; one who has left has none after it.
    if let Some(last) = then.last().and_then(|e| e.left) {
        members = places::leave(&members, (last, Half::Pm));
    }
    (then, members)
}

/// The day on which the newest place begins, where that is after the leaving.
fn back(members: &[Member], closed: &Enrolment) -> Option<NaiveDate> {
    members.iter().map(|m| m.from).max().filter(|from| closed.left.is_some_and(|l| *from > l))
}
