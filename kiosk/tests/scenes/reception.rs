//! Reception's screens, each as a desk that has come to it.

use super::classroom::offline;
use crate::fixture::*;
use kiosk::core::Msg;

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
    add("done_home", d);
    let mut d = Desk::reception("09:07");
    d.send(card("777"));
    add("message", d);
    all
}
