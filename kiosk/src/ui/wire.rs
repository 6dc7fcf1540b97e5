//! What is pressed, as messages: by id, never by place.
//!
//! Must never: do anything on the window's thread but send.

use super::paths::dashes;
use super::{
    App, CallApi, ChooseApi, ConfirmApi, FindApi, IdleApi, KioskWindow, ReasonApi, RegisterApi, RestApi, RollApi,
    SignOnApi, SubmittedApi, Theme,
};
use crate::core::screen::{OverPick, Pick};
use crate::core::{CardNumber, Msg};
use shared::observation::Wish;
use shared::text::{Name, Text};
use shared::wire::v1::Sort;
use slint::ComponentHandle;
use std::rc::Rc;
use std::str::FromStr;

/// The id of something to pick at reception.
pub fn pick_id(pick: &Pick) -> String {
    match pick {
        Pick::Year(year) => format!("year/{year}"),
        Pick::Class(class) => format!("class/{class}"),
        Pick::Month(month) => format!("month/{month}"),
        Pick::Pupil(pupil) => format!("pupil/{pupil}"),
        Pick::GoingHome => "way/home".to_owned(),
        Pick::ComingBack => "way/back".to_owned(),
        Pick::Begin { real: false } => "begin/drill".to_owned(),
        Pick::Begin { real: true } => "begin/real".to_owned(),
    }
}

fn picked(id: &str) -> Option<Msg> {
    let (kind, rest) = id.split_once('/')?;
    match (kind, rest) {
        ("year", year) => Name::new(year).ok().map(|year| Msg::PickYear { year }),
        ("class", class) => class.parse().ok().map(|class| Msg::PickClass { class }),
        ("pupil", pupil) => pupil.parse().ok().map(|pupil| Msg::PickPupil { pupil }),
        ("month", month) => month.parse().ok().map(|month| Msg::PickMonth { month }),
        ("begin", "drill") => Some(Msg::BeginRollCall { real: false }),
        ("begin", "real") => Some(Msg::BeginRollCall { real: true }),
        ("way", "home") => Some(Msg::GoingHome),
        ("way", "back") => Some(Msg::ComingBack),
        _ => None,
    }
}

/// The id of something to pick over the tiles.
pub fn over_id(pick: &OverPick) -> String {
    match pick {
        OverPick::CallNames => "call/".to_owned(),
        OverPick::Sort(Sort::First) => "sort/first".to_owned(),
        OverPick::Sort(Sort::Last) => "sort/last".to_owned(),
        OverPick::WriteNote => "note/".to_owned(),
        OverPick::Note(note) => format!("phrase/{note}"),
        OverPick::BringVisitor => "visitor/".to_owned(),
        OverPick::OtherClass(class) => format!("from/{class}"),
        OverPick::Visitor(pupil) => format!("here/{pupil}"),
        OverPick::Late(pupil) => format!("late/{pupil}"),
        OverPick::Change(pupil, Wish::Present) => format!("was-here/{pupil}"),
        OverPick::Change(pupil, Wish::Late) => format!("was-late/{pupil}"),
        OverPick::Change(pupil, Wish::Absent) => format!("was-away/{pupil}"),
    }
}

fn over_picked(id: &str) -> Option<Msg> {
    let (kind, rest) = id.split_once('/')?;
    let pupil = || rest.parse().ok();
    match (kind, rest) {
        ("call", _) => Some(Msg::CallNames),
        ("sort", "first") => Some(Msg::SortBy { sort: Sort::First }),
        ("sort", _) => Some(Msg::SortBy { sort: Sort::Last }),
        ("note", _) => Some(Msg::WriteNote),
        ("phrase", note) => Name::new(note).ok().map(|note| Msg::PickNote { note }),
        ("visitor", _) => Some(Msg::BringVisitor),
        ("from", class) => Name::new(class).ok().map(|class| Msg::PickOther { class }),
        ("here", _) => pupil().map(|pupil| Msg::PickVisitor { pupil }),
        ("late", _) => pupil().map(|pupil| Msg::Late { pupil }),
        ("was-here", _) => pupil().map(|pupil| Msg::AskChange { pupil, wish: Wish::Present }),
        ("was-late", _) => pupil().map(|pupil| Msg::AskChange { pupil, wish: Wish::Late }),
        ("was-away", _) => pupil().map(|pupil| Msg::AskChange { pupil, wish: Wish::Absent }),
        _ => None,
    }
}

/// Ties every callback of the window to a message.
pub fn wire(window: &KioskWindow, send: impl Fn(Msg) + 'static) {
    let send: Rc<dyn Fn(Msg)> = Rc::new(send);
    window.global::<Theme>().on_dashes(|w, h, r| dashes(w, h, r).into());

    let app = window.global::<App>();
    app.on_back(plain(&send, || Msg::Back));
    let out = send.clone();
    app.on_card(move |number| {
        // A number that is too long for any card is a slip of the reader.
        if let Ok(number) = Text::new(&number) {
            out(Msg::Card { number: CardNumber(number) });
        }
    });

    let sign_on = window.global::<SignOnApi>();
    sign_on.on_pick(about(&send, |staff| Msg::PickStaff { staff }));
    sign_on.on_open_roll_call(plain(&send, || Msg::RollCall));
    sign_on.on_more_names(plain(&send, || Msg::MoreNames));
    let out = send.clone();
    sign_on.on_digit(move |n| {
        if let Ok(digit) = u8::try_from(n) {
            out(Msg::PinDigit { digit });
        }
    });
    sign_on.on_erase(plain(&send, || Msg::PinErase));
    sign_on.on_enter(plain(&send, || Msg::PinEnter));

    let out = send.clone();
    window.global::<ChooseApi>().on_pick(move |id| {
        if let Some((class, session)) = id.split_once('/')
            && let (Ok(class), Ok(session)) = (class.parse(), session.parse())
        {
            out(Msg::PickRegister { class, session });
        }
    });

    let register = window.global::<RegisterApi>();
    register.on_tap(about(&send, |pupil| Msg::Tap { pupil }));
    register.on_late(about(&send, |pupil| Msg::Late { pupil }));
    register.on_mistake(about(&send, |pupil| Msg::Mistake { pupil }));
    register.on_clear(about(&send, |pupil| Msg::Clear { pupil }));
    register.on_fill_blanks(plain(&send, || Msg::MarkRestPresent));
    register.on_undo(plain(&send, || Msg::Undo));
    register.on_send(plain(&send, || Msg::Submit));
    register.on_more(plain(&send, || Msg::More));
    register.on_more_picks(plain(&send, || Msg::MorePicks));
    let out = send.clone();
    register.on_pick(move |id| {
        if let Some(msg) = over_picked(&id) {
            out(msg);
        }
    });

    let call = window.global::<CallApi>();
    call.on_here(about(&send, |pupil| Msg::CallHere { pupil }));
    call.on_away(about(&send, |pupil| Msg::CallAway { pupil }));
    call.on_skip(plain(&send, || Msg::CallNext));
    call.on_before(plain(&send, || Msg::CallBefore));

    let submitted = window.global::<SubmittedApi>();
    submitted.on_change(plain(&send, || Msg::ChangeMarks));
    submitted.on_sign_off(plain(&send, || Msg::SignOff));

    window.global::<RestApi>().on_wake(plain(&send, || Msg::Wake));

    let idle = window.global::<IdleApi>();
    idle.on_year(named(&send, |year| Msg::PickYear { year }));
    idle.on_open_roll_call(plain(&send, || Msg::RollCall));
    idle.on_help(plain(&send, || Msg::AskForHelp));
    idle.on_in_or_out(plain(&send, || Msg::InOrOut));

    let out = send.clone();
    window.global::<FindApi>().on_pick(move |id| {
        if let Some(msg) = picked(&id) {
            out(msg);
        }
    });
    window.global::<ConfirmApi>().on_confirm(plain(&send, || Msg::Confirm));
    let reason = window.global::<ReasonApi>();
    reason.on_pick(named(&send, |reason| Msg::PickReason { reason }));
    reason.on_collect(named(&send, |who| Msg::PickCollector { who }));
    reason.on_no_reason(plain(&send, || Msg::NoReason));

    let roll = window.global::<RollApi>();
    roll.on_group(about(&send, |class| Msg::RollClass { class }));
    roll.on_tick(about(&send, |pupil| Msg::Account { pupil }));
    roll.on_missing_ones(plain(&send, || Msg::RollMissing));
    let out = send.clone();
    let weak = window.as_weak();
    roll.on_begin_or_end(move || {
        if let Some(window) = weak.upgrade() {
            let under_way = window.global::<RollApi>().get_under_way();
            out(if under_way { Msg::EndRollCall } else { Msg::RollCall });
        }
    });
}

fn plain(send: &Rc<dyn Fn(Msg)>, msg: fn() -> Msg) -> impl Fn() + 'static {
    let send = send.clone();
    move || send(msg())
}

fn about<T: FromStr + 'static>(send: &Rc<dyn Fn(Msg)>, msg: fn(T) -> Msg) -> impl Fn(slint::SharedString) + 'static {
    let send = send.clone();
    move |id| {
        if let Ok(id) = id.parse() {
            send(msg(id));
        }
    }
}

fn named(send: &Rc<dyn Fn(Msg)>, msg: fn(Name) -> Msg) -> impl Fn(slint::SharedString) + 'static {
    let send = send.clone();
    move |name| {
        if let Ok(name) = Name::new(&name) {
            send(msg(name));
        }
    }
}
