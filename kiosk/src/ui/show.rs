//! A screen of the core onto the window.
//!
//! Must never: find words, or decide anything.

use super::paths::strip;
use super::rows::Rows;
use super::{
    App, AskData, BarData, CallApi, ChoiceData, ChooseApi, ConfirmApi, DoneApi, EnrolApi, FindApi, FindData, IdleApi,
    KioskWindow, MessageApi, OverData, Page, Palette, Picture, PicturedData, ReasonApi, RegisterApi, RestApi, RollApi,
    RollGroupData, RollPupilData, RollState, Sign, SignOnApi, StaffData, SubmittedApi, SyncForm, Theme, TileData,
    TileState, Tone,
};
use crate::core::screen as s;
use crate::core::{Look, Screen};
use shared::calendar::Half;
use shared::text::Name;
use shared::wire::v1 as wire;
use slint::{ComponentHandle, SharedString};
use std::time::Duration;

/// The lists of the window.
pub struct Shown {
    staff: Rows<StaffData>,
    choices: Rows<ChoiceData>,
    tiles: Rows<TileData>,
    over: Rows<OverData>,
    years: Rows<SharedString>,
    find: Rows<FindData>,
    reasons: Rows<PicturedData>,
    groups: Rows<RollGroupData>,
    pupils: Rows<RollPupilData>,
}

/// Dresses the window.
pub fn dress(window: &KioskWindow, look: Look) {
    let theme = window.global::<Theme>();
    theme.set_palette(match look.palette {
        wire::Palette::Light => Palette::Light,
        wire::Palette::Dark => Palette::Dark,
        wire::Palette::Contrast => Palette::Contrast,
    });
    theme.set_roomy(look.large);
}

impl Shown {
    /// Gives the window its lists.
    pub fn on(window: &KioskWindow) -> Self {
        let shown = Self {
            staff: Rows::new(|a, b| a.id == b.id),
            choices: Rows::new(|a, b| a.id == b.id),
            tiles: Rows::new(|a, b| a.id == b.id),
            over: Rows::new(|a, b| a.id == b.id),
            years: Rows::new(|a, b| a == b),
            find: Rows::new(|a, b| a.id == b.id),
            reasons: Rows::new(|a, b| a.words == b.words),
            groups: Rows::new(|a, b| a.id == b.id),
            pupils: Rows::new(|a, b| a.id == b.id),
        };
        window.global::<SignOnApi>().set_staff(shown.staff.watched());
        window.global::<ChooseApi>().set_choices(shown.choices.watched());
        window.global::<RegisterApi>().set_tiles(shown.tiles.watched());
        window.global::<RegisterApi>().set_over_choices(shown.over.watched());
        window.global::<IdleApi>().set_years(shown.years.watched());
        window.global::<FindApi>().set_choices(shown.find.watched());
        window.global::<ReasonApi>().set_reasons(shown.reasons.watched());
        window.global::<RollApi>().set_groups(shown.groups.watched());
        window.global::<RollApi>().set_pupils(shown.pupils.watched());
        shown
    }

    /// Shows a screen.
    pub fn show(&self, window: &KioskWindow, screen: &Screen) {
        let page = match screen {
            Screen::NotEnrolled(v) => enrol(&window.global(), v),
            Screen::SignOn(v) => self.sign_on(&window.global(), v),
            Screen::ChooseRegister(v) => self.choose(&window.global(), v),
            Screen::Register(v) => self.register(&window.global(), v),
            Screen::Call(v) => call(&window.global(), &window.global(), v),
            Screen::Submitted(v) => submitted(&window.global(), v),
            Screen::ReceptionIdle(v) => self.idle(&window.global(), v),
            Screen::ReceptionFind(v) => self.find(&window.global(), v),
            Screen::ReceptionConfirm(v) => confirm(&window.global(), v),
            Screen::ReceptionReason(v) => self.reason(&window.global(), v),
            Screen::ReceptionDone(v) => done(&window.global(), v),
            Screen::Resting(v) => resting(&window.global(), v),
            Screen::RollCall(v) => self.roll_call(&window.global(), v),
            Screen::Message(v) => message(&window.global(), v),
        };
        window.global::<App>().set_page(page);
    }

    fn sign_on(&self, api: &SignOnApi, v: &s::SignOn) -> Page {
        api.set_bar(bar(&v.bar));
        api.set_greeting((&v.greeting).into());
        api.set_state((&v.state).into());
        api.set_more(v.more);
        api.set_notice((&v.notice).into());
        api.set_back((&v.back).into());
        api.set_roll_call((&v.roll_call).into());
        let row = |p: &s::StaffButton| StaffData { id: p.staff.to_string().into(), name: (&p.name).into(), own: p.own };
        self.staff.show(v.staff.iter().map(row).collect());
        if let Some(pad) = &v.pin {
            api.set_pin_name((&pad.name).into());
            api.set_typed(pad.typed.into());
            api.set_pin_open(pad.open);
            api.set_pin_words((&pad.words).into());
            api.set_trouble(pad.trouble);
        }
        api.set_pin(v.pin.is_some());
        Page::SignOn
    }

    fn choose(&self, api: &ChooseApi, v: &s::ChooseRegister) -> Page {
        api.set_bar(bar(&v.bar));
        api.set_title((&v.title).into());
        api.set_words((&v.words).into());
        let row = |c: &s::RegisterChoice| ChoiceData {
            id: slint::format!("{}/{}", c.class, c.session),
            label: (&c.label).into(),
            detail: (&c.detail).into(),
            state: (&c.state).into(),
        };
        self.choices.show(v.choices.iter().map(row).collect());
        Page::Choose
    }

    fn register(&self, api: &RegisterApi, v: &s::Register) -> Page {
        api.set_bar(bar(&v.bar));
        api.set_afternoon(v.session.half == Half::Pm);
        api.set_closes_label((&v.closes_label).into());
        api.set_closes((&v.closes).into());
        api.set_count((&v.count).into());
        api.set_summary(keep(&v.summary));
        api.set_fill((&v.fill).into());
        api.set_can_undo(v.can_undo);
        api.set_submit((&v.submit).into());
        api.set_can_submit(v.can_submit);
        api.set_notice((&v.notice).into());
        self.tiles.show(v.tiles.iter().map(tile).collect());
        api.set_fill_off((&v.fill_off).into());
        api.set_locked((&v.locked).into());
        api.set_picking((&v.picking).into());
        asking(api, v.ask.as_ref());
        if let Some(over) = &v.panel {
            api.set_over_title((&over.title).into());
            api.set_over_words((&over.words).into());
            let row = |c: &s::OverChoice| OverData {
                id: super::wire::over_id(&c.pick).into(),
                label: (&c.label).into(),
                detail: (&c.detail).into(),
            };
            self.over.show(over.choices.iter().map(row).collect());
            api.set_over_more(over.more);
            api.set_over_leave((&over.leave).into());
        }
        api.set_over(v.panel.is_some());
        Page::Register
    }

    fn idle(&self, api: &IdleApi, v: &s::ReceptionIdle) -> Page {
        api.set_clock((&v.clock).into());
        api.set_date((&v.date).into());
        api.set_greeting((&v.greeting).into());
        api.set_meaning((&v.meaning).into());
        api.set_late(v.late);
        api.set_roll_call((&v.roll_call).into());
        api.set_sync_form(form(v.sync.form));
        api.set_sync((&v.sync.words).into());
        api.set_fault((&v.fault).into());
        self.years.show(names(&v.years));
        Page::Idle
    }

    fn find(&self, api: &FindApi, v: &s::ReceptionFind) -> Page {
        api.set_clock((&v.clock).into());
        api.set_title((&v.title).into());
        api.set_words((&v.words).into());
        let row = |c: &s::FindChoice| FindData {
            id: super::wire::pick_id(&c.pick).into(),
            label: (&c.label).into(),
            detail: (&c.detail).into(),
        };
        self.find.show(v.choices.iter().map(row).collect());
        Page::Find
    }

    fn reason(&self, api: &ReasonApi, v: &s::ReceptionReason) -> Page {
        api.set_clock((&v.clock).into());
        api.set_title((&v.title).into());
        api.set_words((&v.words).into());
        api.set_none((&v.none).into());
        api.set_collecting(v.collecting);
        let row = |p: &s::Pictured| PicturedData { words: p.words.as_str().into(), picture: picture(p.picture) };
        self.reasons.show(v.reasons.iter().map(row).collect());
        Page::Reason
    }

    fn roll_call(&self, api: &RollApi, v: &s::RollCall) -> Page {
        api.set_bar(bar(&v.bar));
        api.set_title((&v.title).into());
        api.set_under_way(v.under_way);
        api.set_count(i32::try_from(v.count).unwrap_or(i32::MAX));
        api.set_words((&v.words).into());
        api.set_listing(v.listing);
        api.set_heading((&v.heading).into());
        api.set_missing((&v.missing).into());
        api.set_act((&v.act).into());
        api.set_back((&v.back).into());
        api.set_notice((&v.notice).into());
        let group = |g: &s::RollGroup| RollGroupData {
            id: g.class.to_string().into(),
            name: (&g.name).into(),
            words: (&g.words).into(),
            done: g.done,
            open: g.open,
        };
        self.groups.show(v.groups.iter().map(group).collect());
        let pupil = |p: &s::RollPupil| RollPupilData {
            id: p.pupil.to_string().into(),
            first: (&p.first).into(),
            initial: (&p.initial).into(),
            state: match p.state {
                s::RollState::Missing => RollState::Missing,
                s::RollState::Seen => RollState::Seen,
                s::RollState::Elsewhere => RollState::Elsewhere,
            },
            detail: (&p.detail).into(),
            saved: p.saved,
            label: (&p.label).into(),
        };
        self.pupils.show(v.pupils.iter().map(pupil).collect());
        Page::RollCall
    }
}

fn picture(picture: s::Picture) -> Picture {
    match picture {
        s::Picture::Bed => Picture::Bed,
        s::Picture::Bus => Picture::Bus,
        s::Picture::Car => Picture::Car,
        s::Picture::Calendar => Picture::Calendar,
        s::Picture::Thermometer => Picture::Thermometer,
        s::Picture::House => Picture::House,
        s::Picture::Rain => Picture::Rain,
        s::Picture::Parent => Picture::Parent,
        s::Picture::Grandparent => Picture::Grandparent,
        s::Picture::Relatives => Picture::Relatives,
        s::Picture::Alone => Picture::Alone,
        s::Picture::Bubble => Picture::Bubble,
    }
}

fn names(names: &[Name]) -> Vec<SharedString> {
    names.iter().map(|n| n.as_str().into()).collect()
}

/// Short parts between dots are not broken over lines: "29 kept here".
fn keep(words: &str) -> SharedString {
    let part = |p: &str| if p.len() <= 16 { p.replace(' ', "\u{a0}") } else { p.to_owned() };
    words.replace("≈ ", "≈\u{a0}").split(" · ").map(part).collect::<Vec<_>>().join(" · ").into()
}

fn form(form: s::SyncForm) -> SyncForm {
    match form {
        s::SyncForm::Sent => SyncForm::Sent,
        s::SyncForm::Waiting => SyncForm::Waiting,
        s::SyncForm::Offline => SyncForm::Offline,
    }
}

fn bar(b: &s::Bar) -> BarData {
    BarData {
        title: (&b.title).into(),
        date: (&b.date).into(),
        session: (&b.session).into(),
        clock: (&b.clock).into(),
        unsure: b.unsure,
        sync_form: form(b.sync.form),
        sync: keep(&b.sync.words),
        fault: (&b.fault).into(),
    }
}

fn state(state: s::TileState) -> TileState {
    match state {
        s::TileState::Blank => TileState::Blank,
        s::TileState::Present => TileState::Present,
        s::TileState::Absent => TileState::Absent,
        s::TileState::Late => TileState::Late,
        s::TileState::ExpectedAbsent => TileState::ExpectedAbsent,
        s::TileState::ExpectedElsewhere => TileState::ExpectedElsewhere,
        s::TileState::Gone => TileState::Gone,
    }
}

/// The question about one pupil, over the tiles or over a name.
fn asking(api: &RegisterApi, ask: Option<&s::Ask>) {
    if let Some(a) = ask {
        api.set_ask(AskData {
            id: a.pupil.to_string().into(),
            title: (&a.title).into(),
            words: (&a.words).into(),
            late: (&a.late).into(),
            mistake: (&a.mistake).into(),
            clear: (&a.clear).into(),
            leave: (&a.leave).into(),
        });
    }
    api.set_asking(ask.is_some());
}

fn call(api: &CallApi, register: &RegisterApi, v: &s::Call) -> Page {
    api.set_bar(bar(&v.bar));
    api.set_closes_label((&v.closes_label).into());
    api.set_closes((&v.closes).into());
    api.set_id(v.pupil.to_string().into());
    api.set_first((&v.first).into());
    api.set_initial((&v.initial).into());
    api.set_place((&v.place).into());
    api.set_state(state(v.state));
    api.set_afternoon(v.session.half == Half::Pm);
    api.set_minutes(v.minutes.into());
    api.set_stands((&v.stands).into());
    api.set_next((&v.next).into());
    api.set_can_go_back(v.can_go_back);
    asking(register, v.ask.as_ref());
    Page::Call
}

fn tile(t: &s::Tile) -> TileData {
    let strip = strip(&t.days);
    TileData {
        id: t.pupil.to_string().into(),
        first: (&t.first).into(),
        initial: (&t.initial).into(),
        state: state(t.state),
        minutes: t.minutes.into(),
        saved: t.saved,
        wanted: t.wanted,
        birthday: t.birthday,
        flag: (&t.flag).into(),
        label: (&t.label).into(),
        strokes: strip.strokes.into(),
        lates: strip.lates.into(),
        rings: strip.rings.into(),
    }
}

fn enrol(api: &EnrolApi, v: &s::NotEnrolled) -> Page {
    api.set_code((&v.code).into());
    api.set_check_word((&v.check_word).into());
    api.set_words((&v.words).into());
    api.set_trouble((&v.trouble).into());
    Page::Enrol
}

fn submitted(api: &SubmittedApi, v: &s::Submitted) -> Page {
    api.set_bar(bar(&v.bar));
    api.set_title((&v.title).into());
    api.set_when((&v.when).into());
    api.set_summary((&v.summary).into());
    api.set_saved(v.saved);
    api.set_words((&v.words).into());
    api.set_absent((&v.absent).into());
    api.set_change_words((&v.change).into());
    Page::Submitted
}

fn confirm(api: &ConfirmApi, v: &s::ReceptionConfirm) -> Page {
    api.set_clock((&v.clock).into());
    api.set_first((&v.first).into());
    api.set_initial((&v.initial).into());
    api.set_class_name((&v.class).into());
    api.set_title((&v.title).into());
    api.set_yes((&v.yes).into());
    api.set_no((&v.no).into());
    Page::Confirm
}

fn done(api: &DoneApi, v: &s::ReceptionDone) -> Page {
    api.set_tone(match v.tone {
        s::Tone::Green => Tone::Green,
        s::Tone::Amber => Tone::Amber,
        s::Tone::Plain => Tone::Plain,
    });
    api.set_sign(match v.sign {
        s::Sign::Morning => Sign::Morning,
        s::Sign::Afternoon => Sign::Afternoon,
        s::Sign::Late => Sign::Late,
        s::Sign::Tick => Sign::Tick,
        s::Sign::Home => Sign::Home,
    });
    api.set_title((&v.title).into());
    api.set_words((&v.words).into());
    api.set_saved(v.saved);
    api.set_saved_words((&v.saved_words).into());
    let stays = Duration::from_secs(v.seconds.into());
    api.set_stays(i64::try_from(stays.as_millis()).unwrap_or(0));
    Page::Done
}

fn resting(api: &RestApi, v: &s::Resting) -> Page {
    api.set_clock((&v.clock).into());
    api.set_date((&v.date).into());
    api.set_words((&v.words).into());
    api.set_place(v.place.into());
    Page::Resting
}

fn message(api: &MessageApi, v: &s::Message) -> Page {
    api.set_title((&v.title).into());
    api.set_words((&v.words).into());
    api.set_button((&v.button).into());
    api.set_clock((&v.clock).into());
    Page::Message
}
