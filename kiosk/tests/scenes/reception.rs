//! Reception's screens, each as a desk that has come to it.

use super::classroom::offline;
use crate::fixture::*;
use kiosk::core::Msg;
use shared::wire::v1::{ClassRow, Fault, FindBy, RowBody, Seen};

/// Reception's screens.
pub fn screens() -> Vec<(&'static str, Desk)> {
    let mut all = Vec::new();
    let mut add = |name, desk| all.push((name, desk));
    add("idle", Desk::reception("09:07"));
    let mut d = Desk::reception("08:30");
    offline(&mut d, 3);
    add("idle_early", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::InOrOut);
    add("find_way", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    add("find_class", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    add("find_name", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    d.send(Msg::PickPupil { pupil: named("Kian") });
    add("confirm", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    d.send(Msg::PickPupil { pupil: named("Kian") });
    d.send(Msg::Confirm);
    add("reason", d);
    let mut d = Desk::reception("09:07");
    d.send(card(&card_of(18)));
    add("done_late", d);
    let mut d = Desk::reception("08:41");
    d.send(card(&card_of(18)));
    add("done_green", d);
    let mut d = Desk::reception("14:10");
    d.saving = false;
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    d.send(Msg::PickCollector { who: name("Grandparent") });
    d.send(card("900001"));
    add("done_home", d);
    let mut d = Desk::reception("09:07");
    d.send(card("777"));
    add("message", d);
    let mut d = Desk::reception("09:07");
    d.set(|s| s.find_by = FindBy::Month);
    d.send(Msg::PickYear { year: name("Year 3") });
    add("find_month", d);
    let mut d = Desk::reception("14:10");
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    add("collect", d);
    let mut d = Desk::reception("14:10");
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    d.send(Msg::PickCollector { who: name("Grandparent") });
    d.send(card(&card_of(18)));
    add("let_go", d);
    let mut d = Desk::reception("08:41");
    d.hear(Msg::Faults { faults: vec![Fault::Clock] });
    add("fault_clock", d);
    let mut d = Desk::reception("09:25");
    d.hear(Msg::Faults { faults: vec![Fault::NoReader] });
    add("fault_reader", d);
    // A school that goes from nursery to Year 13.
    let mut d = Desk::reception("09:07");
    for n in 0..9_u8 {
        let year = if n == 0 { "Nursery".to_owned() } else { format!("Year {}", n + 5) };
        let row = ClassRow { class: class(20 + n), name: name(&format!("{year} A")), year: name(&year) };
        d.row(&format!("class/{}", 20 + n), RowBody::Class(row));
    }
    add("idle_many_years", d);
    // Names that are longer than most.
    let mut d = Desk::reception("09:07");
    let mut school = School { rows: Vec::new() };
    let long = ["Alexandrina-Rose", "Oluwaseun", "Christopher", "Bartholomew", "Maximilian", "Wilhelmina"];
    for (i, first) in long.iter().enumerate() {
        school.pupil(40 + i, first, "Featherstonehaugh", 1, shared::wire::v1::Mode::Reception);
    }
    d.hear(Msg::Rows { rows: school.rows });
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    add("find_long_names", d);
    all
}

/// A drill on a morning with a few absences, half of a class ticked.
fn drill() -> Desk {
    let mut d = Desk::gate("10:36");
    for i in 0..NAMES.len() {
        let state = if i % 11 == 3 { Seen::Absent } else { Seen::Present };
        d.hear(mark_row(pupil(i), am(), state, None));
    }
    d.send(Msg::RollCall);
    d.send(card("900001"));
    d.send(Msg::BeginRollCall { real: false });
    d.send(Msg::RollClass { class: class(1) });
    for i in 0..NAMES.len() {
        if i % 3 == 0 {
            d.send(Msg::Account { pupil: pupil(i) });
        }
    }
    d
}

/// The roll call's screens.
pub fn roll_calls() -> Vec<(&'static str, Desk)> {
    let mut all = Vec::new();
    let mut add = |name, desk| all.push((name, desk));
    add("gate", Desk::gate("10:30"));
    let mut d = Desk::gate("10:36");
    d.send(Msg::RollCall);
    d.send(card("900001"));
    add("begin", d);
    let mut d = drill();
    offline(&mut d, 14);
    add("roll_class", d);
    let mut d = drill();
    d.send(Msg::Back);
    add("roll_classes", d);
    let mut d = drill();
    d.send(Msg::RollMissing);
    add("roll_missing", d);
    let mut d = drill();
    d.send(Msg::Back);
    d.send(Msg::EndRollCall);
    add("roll_end", d);
    all
}
