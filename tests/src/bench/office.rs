//! How long the office's Today page takes.
//!
//! Must never: ask for a page that a browser would not get.

use super::figures::{Figures, Sample};
use super::proc;
use crate::office::Office;
use crate::process::{Server, Trouble};
use std::time::Instant;

const WARM: usize = 20;
const TIMES: usize = 500;

/// Fetches the page again and again over one connection.
///
/// # Errors
/// When it is not the page.
pub async fn today(figures: &mut Figures, server: &Server, user: (&str, &str), words: &str) -> Result<(), Trouble> {
    let mut office = Office::open(&server.office)?;
    office.log_in(user.0, user.1).await?;
    let page = office.get("/today").await?;
    if page.path != "/today" || !page.status.is_success() {
        return Err(format!("the Today page is {} {}", page.path, page.status).into());
    }
    let pid = server.pid().ok_or("the server has no process number")?;
    let mut took = Sample::default();
    let mut before = proc::cpu(pid)?;
    for n in 0..WARM + TIMES {
        if n == WARM {
            before = proc::cpu(pid)?;
        }
        let begun = Instant::now();
        let page = office.get("/today").await?;
        if n >= WARM {
            took.push_ms(begun.elapsed());
        }
        if !page.status.is_success() {
            return Err(format!("the Today page failed: {}", page.status).into());
        }
    }
    let cpu = (proc::cpu(pid)?.saturating_sub(before)).as_secs_f64() * 1e3 / took.len() as f64;
    figures.note("School", words.to_owned());
    figures.at_most(
        "Today page, whole answer",
        format!("median {:.2} ms, p99 {:.2} ms ({TIMES} times)", took.median(), took.p99()),
        took.median(),
        5.0,
        "under 5 ms",
    );
    figures.note("… its size and the server's CPU", format!("{} KiB, {cpu:.2} ms", page.text.len().div_ceil(1024)));
    figures.note(
        "… against RosarioSIS 12.0 (quoted, 24 ms, not measured here)",
        format!("{:.0} times less", 24.0 / took.median()),
    );
    Ok(())
}
