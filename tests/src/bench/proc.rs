//! What Linux says of a process: processor time, and its share of memory.
//!
//! Must never: look into a process.

use crate::process::Trouble;
use std::time::Duration;

/// `/proc` counts processor time in hundredths of a second on every Linux.
const TICK_MS: u64 = 10;
/// Two minutes.
const MOST_LOOKS: u32 = 1200;

/// A line of /proc/<pid>/stat after the name, which may hold spaces.
fn stat(pid: u32) -> Result<Vec<String>, Trouble> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = text.rsplit_once(')').ok_or("no name in stat")?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

/// Processor time of a process so far, user and system, of all its threads.
///
/// # Errors
/// When it has ended.
pub fn cpu(pid: u32) -> Result<Duration, Trouble> {
    let fields = stat(pid)?;
    let ticks = |at: usize| -> Result<u64, Trouble> { Ok(fields.get(at).ok_or("a short stat")?.parse()?) };
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * TICK_MS)) // utime, stime: fields 14 and 15
}

/// Waits until a process that was just started has nothing more to do: half a second without a tick. Its processor time so far.
///
/// # Errors
/// When it has ended, or never comes to rest.
pub async fn at_rest(pid: u32) -> Result<Duration, Trouble> {
    let mut last = cpu(pid)?;
    let mut still = 0;
    for _ in 0..MOST_LOOKS {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = cpu(pid)?;
        still = if now == last { still + 1 } else { 0 };
        last = now;
        if still == 5 {
            return Ok(now);
        }
    }
    Err("the server does not come to rest after its start".into())
}

/// A process and everything it started.
#[must_use]
pub fn family(pid: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let child = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok());
        if let Some(child) = child
            && let Ok(fields) = stat(child)
            && let Some(parent) = fields.get(1).and_then(|p| p.parse::<u32>().ok())
        {
            parents.push((child, parent));
        }
    }
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(&one) = found.get(at) {
        found.extend(parents.iter().filter(|(_, parent)| *parent == one).map(|(child, _)| *child));
        at += 1;
    }
    found
}

/// Processor time of a process and everything it started that still runs.
#[must_use]
pub fn cpu_of_family(pid: u32) -> Duration {
    family(pid).into_iter().filter_map(|one| cpu(one).ok()).sum()
}

/// The proportional share of memory of one process, in MiB: shared pages count for each in part.
///
/// # Errors
/// When it has ended.
pub fn pss_mib(pid: u32) -> Result<f64, Trouble> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let kib = text
        .lines()
        .find_map(|l| l.strip_prefix("Pss:"))
        .and_then(|v| v.split_whitespace().next())
        .ok_or("no Pss in smaps_rollup")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}

/// The same of a process and everything it started: the sum, and of how many processes.
#[must_use]
pub fn pss_mib_of_family(pid: u32) -> (f64, usize) {
    let shares: Vec<f64> = family(pid).into_iter().filter_map(|one| pss_mib(one).ok()).collect();
    (shares.iter().sum(), shares.len())
}

/// The load of the last minute, as the kernel tells it.
#[must_use]
pub fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|l| l.parse().ok()).unwrap_or(f64::NAN)
}

/// The processor by name, how many there are, and gigabytes of memory.
#[must_use]
pub fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |key: &str| info.lines().find(|l| l.starts_with(key)).and_then(|l| l.split(':').nth(1)).map(str::trim);
    let cores = info.lines().filter(|l| l.starts_with("processor")).count();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))
        .and_then(|v| v.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    format!("{cores} cores ({}), {} GB of memory", of("model name").unwrap_or("unknown"), kib.div_ceil(1024 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let me = std::process::id();
        assert!(cpu(me).is_ok());
        assert!(pss_mib(me).is_ok_and(|mib| mib > 0.5));
        assert!(family(me).contains(&me));
        assert!(load() >= 0.0);
    }

    #[test]
    fn a_child_belongs_to_the_family() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat runs");
        assert!(family(std::process::id()).contains(&child.id()));
        drop(child.stdin.take());
        child.wait().expect("cat ends");
    }
}
