//! The schools that are measured, made by the server's own commands: nothing is written past its doors.
//!
//! Must never: write into a store.

use super::terminal::{Pass, enrol};
use crate::clock::DayClock;
use crate::office::Office;
use crate::process::{Server, Trouble, run};
use chrono::{NaiveDate, NaiveDateTime};
use server::sample::large_export;
use shared::calendar::{Calendar, Half, SessionKey};
use shared::id::ClassId;
use shared::time::Millis;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The password of everybody whom this benchmark adds.
pub const PASSWORD: &str = "a password for measuring only";

/// While kiosks are enrolled the server's clock runs so many times faster, so that its minutes are soon over.
const HURRY: u32 = 200;
/// A kiosk that enrols knocks three times: it asks, it shows its code, it fetches its token. The server admits so many
/// knocks a minute from one address, and all these kiosks have one: so many of them enrol in a minute of its clock, less
/// one for the kiosk that only asks ([`offered`]).
const ENROLLED_A_MINUTE: usize = shared::limits::ENROL_PER_MINUTE as usize / 3 - 1;

/// The school year that is measured, as the sample calendar has it.
#[derive(Debug, Clone)]
pub struct Year(Calendar);

impl Year {
    /// 2026/27.
    ///
    /// # Errors
    /// When there is no sample calendar for it.
    pub fn new() -> Result<Self, Trouble> {
        Ok(Self(Calendar::sample_primary(2026).ok_or("no sample calendar")?))
    }
    /// The instant of a time of day.
    #[must_use]
    pub fn at(&self, date: NaiveDate, hour: u32, minute: u32) -> Millis {
        self.0.instant(date.and_hms_opt(hour, minute, 0).unwrap_or(NaiveDateTime::MIN))
    }
    /// School days from a date on.
    #[must_use]
    pub fn days(&self, from: NaiveDate, many: usize) -> Vec<NaiveDate> {
        self.0.school_days(from, from + chrono::Days::new(120)).take(many).collect()
    }
    /// A few minutes before a session's register closes.
    ///
    /// # Errors
    /// On a day without school.
    pub fn busy(&self, date: NaiveDate, half: Half) -> Result<Millis, Trouble> {
        let times = self.0.times(SessionKey { date, half }).ok_or("a day without school")?;
        Ok(times.opens.plus((times.closes.since(times.opens) / 2).min(15 * 60_000)))
    }
}

/// A school of so many classes at least, of about thirty each, through the importer. Returns how long the import took and
/// how many pupils it took in.
///
/// # Errors
/// What the commands say.
pub async fn large(data: &Path, year: &Year, date: NaiveDate, classes: usize) -> Result<(Duration, u64), Trouble> {
    let env = [("ROLLBOOK_CLOCK", DayClock::starting(year.at(date, 6, 0), 1).spec(None))];
    let dir = data.to_string_lossy().into_owned();
    let command = async |args: &[&str], input: &str| {
        run("rollbook-server", &[&["--data", dir.as_str()], args].concat(), &env, input).await
    };
    command(&["school", "add", "bench", "Bench School"], "").await?;
    let folder = data.join("export");
    std::fs::create_dir_all(&folder)?;
    for file in large_export(1, classes.div_ceil(7), 2026)? {
        std::fs::write(folder.join(&file.name), &file.bytes)?;
    }
    let begun = Instant::now();
    let report = command(&["import", "--json", &folder.to_string_lossy()], "").await?;
    let took = begun.elapsed();
    let report: serde_json::Value = serde_json::from_str(&report)?;
    add_office(&dir, &env).await?;
    let pupils = report["pupils"].as_u64().unwrap_or(0);
    Ok((took, pupils))
}

async fn add_office(dir: &str, env: &[(&str, String)]) -> Result<(), Trouble> {
    let who = ["office", "--name", "Mrs Bright", "--position", "office manager", "--role", "office"];
    let args = [&["--data", dir, "user", "add"], &who[..], &["--password-stdin"]].concat();
    run("rollbook-server", &args, env, PASSWORD).await?;
    Ok(())
}

/// A school of one class of 34, whose teacher has a card.
///
/// # Errors
/// What the commands say.
pub async fn one_class(data: &Path, year: &Year, date: NaiveDate) -> Result<&'static str, Trouble> {
    const CARD: &str = "0004711";
    let env = [("ROLLBOOK_CLOCK", DayClock::starting(year.at(date, 6, 0), 1).spec(None))];
    let dir = data.to_string_lossy().into_owned();
    let command = async |args: &[&str], input: &str| {
        run("rollbook-server", &[&["--data", dir.as_str()], args].concat(), &env, input).await
    };
    command(&["school", "add", "one", "One Class School"], "").await?;
    let mut sheet = "Class,Year group,First name,Surname,Date of birth,Sex,Joined\r\n".to_owned();
    for (first, last) in super::browser::names() {
        let _ = write!(sheet, "3 Willow,Year 3,{first},{last},2019-01-15,F,2026-09-01\r\n");
    }
    let file = data.join("pupils.csv");
    std::fs::write(&file, sheet)?;
    command(&["import", &file.to_string_lossy()], "").await?;
    command(&["staff", "add", "--name", "Ms Patel", "--position", "class teacher"], "").await?;
    let cards = data.join("cards.csv");
    std::fs::write(&cards, format!("number,staff\r\n{CARD},Ms Patel\r\n"))?;
    command(&["card", "import", &cards.to_string_lossy()], "").await?;
    add_office(&dir, &env).await?;
    Ok(CARD)
}

/// The classes that the office's page offers for a new kiosk.
///
/// # Errors
/// When it offers none.
pub async fn offered(server: &Server, office: &mut Office) -> Result<Vec<ClassId>, Trouble> {
    let code = super::terminal::ask(server).await?;
    let token = office.get("/kiosks").await?.token().ok_or("the kiosks page has no form")?;
    let page = office.post("/kiosks/enrol", &token, &[("code", &code)]).await?;
    let inputs = page.text.split("name=\"class\"").skip(1);
    let found: Vec<ClassId> =
        inputs.filter_map(|rest| rest.split_once("value=\"")?.1.split_once('"')?.0.parse().ok()).collect();
    if found.is_empty() { Err("the page offers no class".into()) } else { Ok(found) }
}

/// Enrols a kiosk for each of so many classes, on a server of its own whose clock hurries; no faster than the server
/// admits strangers.
///
/// # Errors
/// What either side says.
pub async fn enrol_all(data: &Path, begins: Millis, user: (&str, &str), most: usize) -> Result<Vec<Pass>, Trouble> {
    let clock = DayClock::starting(begins, HURRY);
    let server = Server::start(data, Some(clock.spec(None)), None).await?;
    let mut office = Office::open(&server.office)?;
    office.log_in(user.0, user.1).await?;
    let classes = offered(&server, &mut office).await?;
    let mut passes = Vec::new();
    for (n, class) in classes.iter().take(most).enumerate() {
        if n > 0 && n % ENROLLED_A_MINUTE == 0 {
            clock.until(clock.now().plus(61_000)).await;
        }
        passes.push(enrol(&server, &mut office, &format!("Room {}", n + 1), *class).await?);
    }
    server.stop().await?;
    Ok(passes)
}

/// A folder that goes with the benchmark.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// On the disk that is measured.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(within: &Path) -> Result<Self, Trouble> {
        let at = within.join(format!("rollbook-bench-{}", std::process::id()));
        std::fs::create_dir_all(&at)?;
        Ok(Self(at))
    }
    /// A folder in it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn sub(&self, name: &str) -> Result<PathBuf, Trouble> {
        let at = self.0.join(name);
        std::fs::create_dir_all(&at)?;
        Ok(at)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
