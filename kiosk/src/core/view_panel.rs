//! What lies over the tiles: the question about one pupil, and what else can be done.
//!
//! Must never: show a note again once it is picked.

use super::day::{Expect, expect};
use super::model::{Model, Panel, Sheet, Voice};
use super::panel::PICKS;
use super::screen::{Ask, Over, OverChoice, OverPick, TileState};
use super::words;
use shared::id::PupilId;
use shared::observation::Wish;
use shared::wire::v1::Sort;

pub(super) fn ask(model: &Model, sheet: &Sheet, pupil: PupilId) -> Ask {
    let who = model.name(sheet, pupil);
    let standing = model.on_tile(sheet, pupil);
    let leave = words::LEAVE.to_owned();
    if standing.state == TileState::Late {
        let own = standing.voice == Voice::Own;
        return Ask {
            pupil,
            title: words::is_here_late(&who, standing.minutes),
            words: if own { String::new() } else { words::IF_NOT_RIGHT.to_owned() },
            late: String::new(),
            mistake: String::new(),
            clear: if own { words::TAKE_BACK_LATE.to_owned() } else { String::new() },
            leave,
        };
    }
    let late = coming_now(model, sheet);
    Ask {
        pupil,
        title: words::is_absent(&who),
        words: String::new(),
        late,
        mistake: words::MISTAKE.to_owned(),
        clear: words::TAKE_BACK.to_owned(),
        leave,
    }
}

/// What coming in at this moment would be.
fn coming_now(model: &Model, sheet: &Sheet) -> String {
    match model.book.times(sheet.session).map(|t| expect(&t, &model.now())) {
        Some(Expect::OnTime) => words::JUST_IN.to_owned(),
        Some(Expect::Late(m) | Expect::AfterClose(m)) if m > 0 => words::came_late(m),
        _ => words::CAME_LATE.to_owned(),
    }
}

/// What else lies over the tiles.
pub(super) fn panel(model: &Model, sheet: &Sheet) -> Option<Over> {
    let choice = |pick, label: &str| OverChoice { pick, label: label.to_owned(), detail: String::new() };
    let over = |title: String, words: &str, choices, pages: usize| Over {
        title,
        words: words.to_owned(),
        choices,
        more: pages > 1,
        leave: words::BACK.to_owned(),
    };
    Some(match sheet.panel.as_ref()? {
        Panel::NoteWhom => return None,
        Panel::More => {
            let mut choices = Vec::new();
            let locked = model.is_locked(sheet);
            if !locked {
                choices.push(choice(OverPick::CallNames, words::CALL_NAMES));
            }
            choices.push(match sheet.sort {
                Sort::First => choice(OverPick::Sort(Sort::Last), words::SORT_LAST),
                Sort::Last => choice(OverPick::Sort(Sort::First), words::SORT_FIRST),
            });
            choices.push(choice(OverPick::WriteNote, words::WRITE_NOTE));
            if !locked && !model.book.others.is_empty() {
                choices.push(choice(OverPick::BringVisitor, words::BRING_VISITOR));
            }
            over(words::MORE_TITLE.to_owned(), "", choices, 1)
        }
        Panel::Note(pupil) => {
            let choices = model.notes().into_iter().map(|n| choice(OverPick::Note(n.clone()), &n)).collect();
            over(words::note_about(&model.name(sheet, *pupil)), words::NOTE_WORDS, choices, 1)
        }
        Panel::GuestClass { page } => {
            let all = model.book.other_classes(sheet.class);
            let pages = all.len().div_ceil(PICKS);
            let here = all.into_iter().skip(page * PICKS).take(PICKS);
            let choices = here.map(|c| choice(OverPick::OtherClass(c.clone()), &c)).collect();
            over(words::VISITOR_CLASS.to_owned(), words::VISITOR_WORDS, choices, pages)
        }
        Panel::Guest { class, page } => {
            let all = model.book.others_of(class);
            let pages = all.len().div_ceil(PICKS);
            let choices = all
                .iter()
                .skip(page * PICKS)
                .take(PICKS)
                .map(|p| OverChoice {
                    pick: OverPick::Visitor(*p),
                    label: model.book.anybody(*p).map(|row| row.first.to_string()).unwrap_or_default(),
                    detail: model.book.initial(*p, &all),
                })
                .collect();
            over(words::who_of(class), "", choices, pages)
        }
        Panel::AfterClose(pupil) => {
            let state = model.on_tile(sheet, *pupil).state;
            let who = model.name(sheet, *pupil);
            let mut choices = Vec::new();
            if model.can_come_late(sheet, *pupil) {
                let late = OverPick::Late(*pupil);
                choices.push(OverChoice {
                    pick: late,
                    label: words::CAME_NOW.to_owned(),
                    detail: coming_now(model, sheet),
                });
            }
            let mut ask = |wish, label| choices.push(choice(OverPick::Change(*pupil, wish), label));
            if state != TileState::Present {
                ask(Wish::Present, words::ASK_PRESENT);
            }
            if state != TileState::Late {
                ask(Wish::Late, words::ASK_LATE);
            }
            if state != TileState::Absent {
                ask(Wish::Absent, words::ASK_ABSENT);
            }
            over(words::closed_about(&who), words::CLOSED_WORDS, choices, 1)
        }
    })
}
