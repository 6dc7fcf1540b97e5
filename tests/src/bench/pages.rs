//! How long every page of the office takes, in a school with a year of history and in one with many: the same pages, one after the
//! other from each, so that what the machine does meanwhile is done to both.
//!
//! Must never: leave out a page of the route table without saying so.

use super::figures::{Figures, Sample};
use super::proc;
use super::school::{Scratch, Year};
use crate::clock::DayClock;
use crate::demo::school::School;
use crate::office::Office;
use crate::process::{Server, Trouble};
use chrono::NaiveDate;
use server::auth::Role;
use server::router::{ROUTES, Serves, Who};
use std::time::Instant;

const WARM: usize = 5;
/// What the issue asks for.
const MOST_MS: f64 = 20.0;
const MOST_TIMES: f64 = 1.2;

/// A school with its server, and somebody logged in.
struct Side {
    school: School,
    server: Server,
    office: Office,
}

impl Side {
    async fn open(scratch: &Scratch, year: &Year, date: NaiveDate, years: u8) -> Result<Self, Trouble> {
        let data = scratch.sub(&format!("years-{years}"))?;
        println!("Making a school with {years} years of history…");
        let clock = DayClock::starting(year.at(date, 6, 0), 1);
        let begun = Instant::now();
        let school = School::with_years(&data, &date.to_string(), 1, clock.spec(None), years).await?;
        println!("… {} marks in {:.0} s", school.history_marks, begun.elapsed().as_secs_f64());
        let clock = DayClock::starting(year.at(date, 9, 40), 1);
        let server = Server::start(&data, Some(clock.spec(None)), None).await?;
        // It looks through its files when it has started: pages are measured when it has.
        let first = proc::at_rest(server.pid().ok_or("the server has ended")?).await?;
        println!("… at rest after {:.1} s of processor", first.as_secs_f64());
        let mut office = Office::open(&server.office)?;
        let head = school.user("head")?;
        office.log_in(&head.username, &head.password).await?;
        Ok(Self { school, server, office })
    }

    /// The address of a page in this school; none where there is nothing to show, as a kiosk that does not exist.
    fn address(&self, path: &str, date: NaiveDate) -> Option<String> {
        let (pupil, staff) = (self.school.pupils.get(11)?, self.school.staff.first()?);
        let path = path
            .replace("{pupil}", &pupil.id.to_string())
            .replace("{class}", &pupil.class.to_string())
            .replace("{staff}", &staff.id.to_string())
            .replace("{session}", &format!("{date}-am"));
        (!path.contains('{')).then_some(path)
    }

    async fn once(&mut self, path: &str) -> Result<(f64, u16, bool), Trouble> {
        let begun = Instant::now();
        let page = self.office.get(path).await?;
        let took = begun.elapsed().as_secs_f64() * 1e3;
        Ok((
            took,
            page.status.as_u16(),
            page.status.is_success() && page.path == path.split('?').next().unwrap_or(path),
        ))
    }
}

/// Every page that the headteacher may open, in both schools.
///
/// # Errors
/// When a school cannot be made, or a page of the route table is no page.
pub async fn pages(
    figures: &mut Figures,
    scratch: &Scratch,
    year: &Year,
    date: NaiveDate,
    (many, times): (u8, usize),
) -> Result<(), Trouble> {
    let mut one = Side::open(scratch, year, date, 1).await?;
    let mut all = Side::open(scratch, year, date, many).await?;
    figures.part(&format!(
        "Every page of the office, over HTTP on loopback: p99 of {times} in a school with a year of history, and with {many}"
    ));
    figures.note(
        "Schools",
        format!(
            "{} pupils, {} marks; {} pupils, {} marks",
            one.school.pupils.len(),
            one.school.history_marks,
            all.school.pupils.len(),
            all.school.history_marks
        ),
    );
    let mut left_out: Vec<&str> = Vec::new();
    let mut paths: Vec<(&str, String, String)> = Vec::new();
    for route in ROUTES.iter().filter(|route| route.method == "GET" && matches!(route.serves, Serves::Page(_))) {
        let may = match route.who {
            Who::SignedIn(roles) => roles.contains(&Role::Head),
            _ => false, // log-in pages and files know no history
        };
        if route.path.starts_with("/live/") || !may {
            continue;
        }
        match (one.address(route.path, date), all.address(route.path, date)) {
            (Some(here), Some(there)) => paths.push((route.path, here, there)),
            _ => left_out.push(route.path),
        }
    }
    for _ in 0..WARM {
        for (_, here, there) in &paths {
            one.once(here).await?;
            all.once(there).await?;
        }
    }
    for (name, here, there) in &paths {
        let mut took = [Sample::default(), Sample::default()];
        for n in 0..WARM + times {
            for (side, path, sample) in [(&mut one, here, 0), (&mut all, there, 1)] {
                let (ms, status, is_page) = side.once(path).await?;
                if !is_page {
                    return Err(format!("{path} is no page: {status}").into());
                }
                if n >= WARM
                    && let Some(sample) = took.get_mut(sample)
                {
                    sample.push(ms);
                }
            }
        }
        let [short, long] = [took[0].p99(), took[1].p99()];
        let ratio = took[1].median() / took[0].median();
        figures.at_most(
            &format!("`{name}`"),
            format!(
                "{short:.1} ms; {long:.1} ms; medians {:.1} and {:.1} ms: {ratio:.2} times",
                took[0].median(),
                took[1].median()
            ),
            (long / MOST_MS).max(ratio / MOST_TIMES),
            1.0,
            "under 20 ms, at most 1.2 times",
        );
    }
    figures.note("Left out, for nothing of the kind is in these schools", left_out.join(", "));
    one.server.stop().await?;
    all.server.stop().await
}
