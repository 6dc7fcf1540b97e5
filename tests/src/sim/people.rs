//! What people do: a teacher looks at the screen and touches what is on it; pupils hold their cards to the reader at
//! reception; the office amends and plans.
//!
//! Must never: touch what is not on the screen.

use super::day::{Deed, Passage, Wanted};
use super::recorded::Step;
use super::server::officer;
use super::world::{Happening, World};
use kiosk::core::screen::{Register, Screen, TileState};
use kiosk::core::{CardNumber, Msg};
use server::record;
use shared::act::Act;
use shared::codes::Code;
use shared::id::{PlanId, PupilId};
use shared::register::{Answer, MarkKey, QuestionKey};
use shared::text::{Remark, Text};

enum Touch {
    Msgs(Vec<Msg>),
    Done,
    Wait,
    GiveUp(&'static str),
}

fn card(number: &str) -> Msg {
    Msg::Card { number: CardNumber(Text::new(number).unwrap_or_default()) }
}

impl World {
    /// A teacher looks at the screen and touches it.
    pub fn teacher(&mut self, n: usize) {
        let pace = self.sittings[n].pace;
        let wait = pace + self.rng.i64(0..pace);
        let kiosk = self.sittings[n].kiosk;
        if self.sittings[n].patience == 0 {
            self.tally.skip("a teacher gave up");
            return;
        }
        self.sittings[n].patience -= 1;
        if self.kiosks[kiosk].on.is_none() {
            return self.later(wait + 20_000, Happening::Teacher(n));
        }
        match self.looks(n) {
            Touch::Done => self.tally.registers += 1,
            Touch::GiveUp(why) => {
                self.say(format_args!("teacher of k{kiosk} gives up: {why}"));
                self.tally.skip(why);
            }
            Touch::Wait => self.later(wait + 5_000, Happening::Teacher(n)),
            Touch::Msgs(msgs) => {
                for msg in msgs {
                    let named = self.named(&msg);
                    self.say(format_args!("k{kiosk} touch {named}"));
                    self.tally.touches += 1;
                    self.touch(kiosk, msg);
                }
                self.later(wait, Happening::Teacher(n));
            }
        }
    }

    fn looks(&mut self, n: usize) -> Touch {
        let sitting = self.sittings[n].clone();
        let Some(on) = &self.kiosks[sitting.kiosk].on else { return Touch::Wait };
        let class = self.school.classes[sitting.class];
        match on.screen() {
            Some(Screen::SignOn(_)) => Touch::Msgs(vec![card(&super::school::School::staff_card(sitting.class))]),
            Some(Screen::ChooseRegister(choose)) => {
                let offered = choose.choices.iter().any(|c| c.class == class && c.session == sitting.session);
                if offered {
                    Touch::Msgs(vec![Msg::PickRegister { class, session: sitting.session }])
                } else {
                    Touch::GiveUp("the register is not offered")
                }
            }
            Some(Screen::Register(register)) if register.session == sitting.session => {
                let register = register.clone();
                self.tiles(n, &register)
            }
            Some(Screen::Submitted(_)) => {
                if self.sittings[n].slips.is_empty() {
                    Touch::Done
                } else {
                    self.sittings[n].slips.clear();
                    Touch::Msgs(vec![Msg::ChangeMarks])
                }
            }
            Some(Screen::Register(_)) => Touch::GiveUp("another session is on the screen"),
            Some(Screen::Message(message)) if message.title == "No register today" => {
                Touch::GiveUp("no register today")
            }
            Some(Screen::Message(_)) => Touch::Msgs(vec![Msg::Back]),
            Some(Screen::NotEnrolled(_)) => Touch::GiveUp("the kiosk is revoked or has no school"),
            _ => Touch::Wait,
        }
    }

    fn tiles(&mut self, n: usize, register: &Register) -> Touch {
        if register.ask.is_some() {
            return Touch::Msgs(vec![Msg::Back]);
        }
        let (wanted, rest) = (self.sittings[n].wanted.clone(), self.sittings[n].rest);
        for tile in &register.tiles {
            let Some(wanted) = wanted.get(&tile.pupil).copied() else { continue };
            let slip = self.sittings[n].slips.iter().position(|p| *p == tile.pupil);
            if let Some(slip) = slip {
                // A slip of the finger: one touch too many, put right when the teacher looks again.
                self.sittings[n].slips.remove(slip);
                return Touch::Msgs(vec![Msg::Tap { pupil: tile.pupil }]);
            }
            if rest && wanted == Wanted::Present && tile.state == TileState::Blank {
                continue;
            }
            let answer = match (tile.state, wanted) {
                // Whom the office expects to be absent goes from present to blank, whatever the teacher means.
                (TileState::Present, _) if self.sittings[n].patience < 40 => continue,
                (TileState::Present, Wanted::Present)
                | (TileState::Absent, Wanted::Absent)
                | (TileState::Late, Wanted::Late | Wanted::Present)
                | (TileState::ExpectedAbsent | TileState::ExpectedElsewhere, Wanted::Absent)
                | (TileState::Gone, _) => continue,
                (TileState::Absent, Wanted::Present) => Some(Msg::Mistake { pupil: tile.pupil }),
                (TileState::Absent, Wanted::Late) => Some(Msg::Late { pupil: tile.pupil }),
                (TileState::Late, Wanted::Absent) => {
                    // Whoever came is here.
                    self.sittings[n].wanted.insert(tile.pupil, Wanted::Late);
                    continue;
                }
                _ => None,
            };
            return Touch::Msgs(std::iter::once(Msg::Tap { pupil: tile.pupil }).chain(answer).collect());
        }
        if rest && register.blanks > 0 {
            return Touch::Msgs(vec![Msg::MarkRestPresent]);
        }
        if !self.sittings[n].submits {
            return Touch::Done;
        }
        if register.can_submit { Touch::Msgs(vec![Msg::Submit]) } else { Touch::Wait }
    }

    /// Somebody at reception.
    pub fn reception(&mut self, passage: Passage) {
        let Some(desk) = self.desk() else { return self.tally.skip("nobody serves at reception") };
        let name = self.school.names[&passage.pupil].clone();
        self.say(format_args!("k{desk} card of {name}{}", if passage.out { ", going home" } else { "" }));
        self.touch(desk, Msg::Idle);
        if passage.out {
            self.touch(desk, Msg::InOrOut);
            self.touch(desk, Msg::GoingHome);
        }
        let number = self.school.pupil_card(passage.pupil);
        self.touch(desk, card(&number));
        self.tally.touches += 1;
    }

    /// The office.
    pub fn office(&mut self, deed: &Deed) {
        if !self.server.is_up() {
            return self.tally.skip("the office's page did not open");
        }
        let now = self.server.now();
        let words = |text: &str| Remark::new(text).unwrap_or_default();
        let done = match deed.clone() {
            Deed::Amend { pupil, session, code } => {
                let Some(code) = self.code(code) else { return };
                self.server.write(move |tx| {
                    let seen = record::seen(tx, MarkKey { pupil, session })?;
                    let reason = words("The parent called");
                    let minutes = code.late().then_some(5);
                    let act = Act::Amended { pupil, session, code: Some(code), minutes, detail: None, reason, seen };
                    record::act(tx, now, &officer(), act.clone()).map(|_| act)
                })
            }
            Deed::Plan { pupil, session, code } => {
                let Some(code) = self.code(code) else { return };
                let plan = PlanId::from_bytes(self.rng.u128(..).to_le_bytes());
                self.server.write(move |tx| {
                    let reason = words("The parent called");
                    let act = Act::Planned { plan, pupil, from: session, until: session, code, detail: None, reason };
                    record::act(tx, now, &officer(), act.clone()).map(|_| act)
                })
            }
            Deed::Settle { which, how } => {
                let Some((question, answer)) = self.question(which, how) else { return };
                self.server.write(move |tx| {
                    let seen = match question.pupil {
                        Some(pupil) => record::seen(tx, MarkKey { pupil, session: question.session })?,
                        None => Vec::new(),
                    };
                    let act = Act::Settled { question, answer: words(answer.word()), seen };
                    record::act(tx, now, &officer(), act.clone()).map(|_| act)
                })
            }
        };
        let named = self.deed(deed);
        self.say(format_args!("office {named}"));
        if self.server.disk.is_dark() {
            return self.kill_server(true);
        }
        self.tally.deeds += 1;
        match done {
            Ok(act) => {
                let at = self.now;
                if let (Some(tape), Ok(act)) = (&mut self.tape, serde_json::to_value(act)) {
                    tape.push(Step::Act { at, act });
                }
            }
            Err(error) => return self.fail(format!("the office was refused: {error}")),
        }
        self.news();
    }

    /// An open question about a pupil, and one of the answers that its page offers.
    fn question(&self, which: usize, how: usize) -> Option<(QuestionKey, Answer)> {
        let open = self.server.school().read_now(|tx| {
            let mut rows = tx.prepare("SELECT key FROM question WHERE pupil IS NOT NULL ORDER BY key")?;
            let rows = rows.query_map([], |r| r.get::<_, String>(0))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        let open = open.ok()?;
        let key: QuestionKey = serde_json::from_str(open.get(which.checked_rem(open.len())?)?).ok()?;
        let answers = key.kind.answers();
        Some((key, *answers.get(how % answers.len())?))
    }

    fn code(&self, text: &str) -> Option<Code> {
        Code::all().find(|code| code.as_str() == text)
    }

    fn deed(&self, deed: &Deed) -> String {
        match deed {
            Deed::Amend { pupil, session, code } => format!("amends {} {session} to {code}", self.name(*pupil)),
            Deed::Plan { pupil, session, code } => format!("plans {code} for {} {session}", self.name(*pupil)),
            Deed::Settle { .. } => "settles a question".to_owned(),
        }
    }

    /// A pupil's short name.
    pub fn name(&self, pupil: PupilId) -> &str {
        self.school.names.get(&pupil).map_or("?", String::as_str)
    }

    fn named(&self, msg: &Msg) -> String {
        match msg {
            Msg::Tap { pupil } => format!("tile {}", self.name(*pupil)),
            Msg::Late { pupil } => format!("{} came late", self.name(*pupil)),
            Msg::Mistake { pupil } => format!("{} a mistake", self.name(*pupil)),
            Msg::PickRegister { session, .. } => format!("register {session}"),
            Msg::Card { .. } => "card".to_owned(),
            other => format!("{other:?}").chars().take(24).collect(),
        }
    }
}
