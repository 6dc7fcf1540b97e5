//! The state of a register.

use super::kit::*;
use crate::observation::Mark::{Absent, Present};
use crate::register::{DayKind, RegisterState, Tally, decide, register_state};

fn state(day: &Day, tally: Tally) -> RegisterState {
    register_state(&day.0, CLASS, &DayKind::School(TIMES), tally)
}

#[test]
fn from_not_started_to_closed() {
    let none = Tally { of: 30, marked: 0, planned: 2 };
    let some = Tally { marked: 12, ..none };
    let trip = Tally { planned: 30, ..none };
    let day = Day::new();
    assert_eq!(state(&day, none), RegisterState::NotStarted);
    assert_eq!(state(&day, some), RegisterState::InProgress { marked: 12, of: 30 });
    assert_eq!(state(&day.clone().close(), some), RegisterState::Missing { marked: 12, of: 30 });
    assert_eq!(state(&day.clone().close(), trip), RegisterState::Planned, "wholly covered by plans: not missing");
    let when = between(857, 857);
    let submitted = day.submit(857);
    assert_eq!(state(&submitted, some), RegisterState::Submitted { at: when, received: at(857) });
    assert_eq!(
        state(&submitted.clone().close(), some),
        RegisterState::Closed { submitted: when, received: at(857), late: false }
    );
    assert!(matches!(state(&Day::new().close().submit(941), some), RegisterState::Closed { late: true, .. }));
    assert_eq!(register_state(&submitted.0, CLASS, &DayKind::Inset, some), RegisterState::NoSchool);
    assert_eq!(register_state(&submitted.0, OTHER_CLASS, &DayKind::School(TIMES), none), RegisterState::NotStarted);
}

#[test]
fn the_tally_counts_the_teachers_word() {
    let decisions =
        [Day::new(), Day::new().tap(857, Absent), Day::new().tap(857, Present), Day::new().plan(800, "V").close()]
            .map(|day| decide(&day.0, &am()));
    assert_eq!(Tally::of(&decisions), Tally { of: 4, marked: 3, planned: 1 });
}
