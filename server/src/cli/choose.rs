//! `school choose`: positive marking, the order of the tiles, the looks of the kiosks, notes to the office.
//!
//! Must never: change what was not named.

use super::calendar::person;
use super::{Outcome, chosen};
use crate::store::Stores;
use crate::{feed, school};
use clap::ValueEnum;
use shared::text::Name;
use shared::wire::v1::{Choices, Palette, Sort};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The school, if there are several.
    #[arg(long)]
    school: Option<String>,
    /// Positive marking: nothing is assumed, there is no "mark the rest present".
    #[arg(long)]
    positive_marking: Option<YesNo>,
    /// By which name the tiles are sorted.
    #[arg(long)]
    sort: Option<By>,
    /// The colours of the kiosks' screens.
    #[arg(long)]
    colours: Option<Colours>,
    /// Larger letters; what no longer fits scrolls.
    #[arg(long)]
    large_text: Option<YesNo>,
    /// Whether classrooms know the names of other classes, so that a visitor can be marked where they sit.
    #[arg(long)]
    visitors: Option<YesNo>,
    /// A note to the office that teachers can pick; once for each, together they replace the kiosk's own.
    #[arg(long = "note")]
    notes: Vec<String>,
    /// Who chooses, as "name, position".
    #[arg(long)]
    set_by: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum YesNo {
    Yes,
    No,
}
#[derive(Clone, Copy, ValueEnum)]
enum By {
    First,
    Surname,
}
#[derive(Clone, Copy, ValueEnum)]
enum Colours {
    Light,
    Dark,
    Contrast,
}

impl Args {
    /// What stands, with what was named over it.
    fn over(&self, mut choices: Choices) -> Result<Choices, String> {
        let yes = |word: YesNo| matches!(word, YesNo::Yes);
        choices.positive = self.positive_marking.map_or(choices.positive, yes);
        choices.large_text = self.large_text.map_or(choices.large_text, yes);
        choices.visitors = self.visitors.map_or(choices.visitors, yes);
        choices.sort = match self.sort {
            Some(By::First) => Sort::First,
            Some(By::Surname) => Sort::Last,
            None => choices.sort,
        };
        choices.palette = match self.colours {
            Some(Colours::Light) => Palette::Light,
            Some(Colours::Dark) => Palette::Dark,
            Some(Colours::Contrast) => Palette::Contrast,
            None => choices.palette,
        };
        if !self.notes.is_empty() {
            let name = |text: &String| Name::new(text).map_err(|bad| format!("--note {text:?}: {bad}"));
            choices.notes = self.notes.iter().map(name).collect::<Result<_, _>>()?;
        }
        Ok(choices)
    }
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let school = chosen(stores, args.school.as_deref())?;
    let stands = school.read_now(|tx| feed::choices(tx))?;
    let wanted = args.over(stands.clone())?;
    if wanted == stands {
        say(&stands);
        return Ok(ExitCode::SUCCESS);
    }
    let set_by = args.set_by.as_deref().ok_or("who chooses? Say --set-by \"Ada Head, headteacher\"")?;
    let (now, by, set) = (stores.clock().now(), person(set_by)?, wanted.clone());
    school.write_now(move |tx| school::choose(tx, now, &by, &set))?;
    say(&wanted);
    println!("In force from now on. Kiosks learn it at their next exchange.");
    Ok(ExitCode::SUCCESS)
}

fn say(choices: &Choices) {
    let yes = |on: bool| if on { "yes" } else { "no" };
    let sort = if choices.sort == Sort::First { "first name" } else { "surname" };
    let colours = match choices.palette {
        Palette::Light => "light",
        Palette::Dark => "dark",
        Palette::Contrast => "high contrast",
    };
    println!("positive marking   {}", yes(choices.positive));
    println!("tiles sorted by    {sort}");
    println!("colours            {colours}");
    println!("large text         {}", yes(choices.large_text));
    println!("visitors           {}", yes(choices.visitors));
    let notes: Vec<&str> = choices.notes.iter().map(Name::as_str).collect();
    println!("notes              {}", if notes.is_empty() { "the kiosk's own".to_owned() } else { notes.join(" · ") });
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_not_named_stays() {
        let stands = Choices { positive: true, palette: Palette::Dark, ..Choices::default() };
        let line = Line::parse_from(["choose", "--sort", "surname", "--visitors", "yes", "--note", "Seems unwell"]);
        let wanted = line.args.over(stands.clone()).unwrap();
        let notes = vec![Name::new("Seems unwell").unwrap()];
        assert_eq!(wanted, Choices { sort: Sort::Last, visitors: true, notes, ..stands });
        assert_eq!(Line::parse_from(["choose"]).args.over(wanted.clone()).unwrap(), wanted);
    }
}
