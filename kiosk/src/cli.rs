//! The command line.
//!
//! Must never: do anything itself.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Rollbook's kiosk.
#[derive(Debug, Parser)]
#[command(
    name = "rollbook-kiosk",
    version,
    about = "Takes the register in a classroom, signs in late pupils at reception"
)]
pub struct Cli {
    /// Where it lives and whom it speaks to.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

/// Where the kiosk lives and whom it speaks to.
#[derive(Debug, Args)]
pub struct Place {
    /// The configuration, kiosk.toml: data, server, fullscreen, [reader] [default: /etc/rollbook/kiosk.toml, if it is there]
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// The folder of this kiosk's store [default: /var/lib/rollbook-kiosk]
    #[arg(long, global = true)]
    pub data: Option<PathBuf>,
    /// The server, as https://rollbook.example:8443 (an enrolled kiosk remembers its own)
    #[arg(long, global = true)]
    pub server: Option<String>,
    /// A simulated clock, sim:<real ms>:<virtual ms>:<speed>[:<wall ms>] or hands:<speed>:<wall offset ms>:<file>
    /// (demonstrations and tests)
    #[arg(long, global = true, env = crate::clock::CLOCK_VARIABLE)]
    pub clock: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Ask a server for a place in a school: shows a code that IT types in the office page.
    Enrol {
        /// Print lines of JSON: enrol_code with code and check_word, enrolled with kiosk and room, or trouble.
        #[arg(long)]
        json: bool,
        /// Enrol again, though this kiosk has a school. What it holds of the old one and has not sent stays in its log.
        #[arg(long)]
        again: bool,
    },
    /// Run the kiosk.
    Run {
        /// Without a window.
        #[arg(long)]
        headless: bool,
        /// Play commands from a file, or from stdin with "-": one JSON object a line, as {"do":"tap","pupil":"…"};
        /// events are printed as lines of JSON. The head of kiosk/src/script.rs lists all of them. Needs --headless.
        #[arg(long, requires = "headless")]
        script: Option<PathBuf>,
        /// Fill the screen.
        #[arg(long)]
        fullscreen: bool,
        /// The kiosk's card, rollbook.toml: server, key, room and the rest. What is wrong with it is said on the screen.
        #[arg(long, env = "ROLLBOOK_SETUP")]
        setup: Option<PathBuf>,
        /// With a window: print what a script would be told (saved, sync …) as lines of JSON. For measuring.
        #[arg(long, conflicts_with = "headless")]
        events: bool,
        /// With --events: also print each screen once the window shows it. For tests: it names pupils.
        #[arg(long, requires = "events")]
        screens: bool,
    },
    /// Set up the machine as the kiosk's card says: networks, time, how the panel hangs. For root, before they begin.
    Setup {
        /// The card's file, rollbook.toml.
        file: PathBuf,
        /// Where the files go: / on a kiosk.
        #[arg(long, default_value = "/")]
        root: PathBuf,
        /// Only say whether the file is right.
        #[arg(long)]
        check: bool,
    },
    /// Print what this kiosk keeps of the past as JSON, for `rollbook-server check --against-kiosks`: numbers and hashes, no
    /// pupil. Works beside a running kiosk.
    Witness,
    /// List input devices that a USB card reader may be, with the vendor and product that kiosk.toml asks for.
    Readers,
    /// Say what this kiosk holds: its school, unsent entries, the last exchange. Works beside a running kiosk.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["rollbook-kiosk", "run", "--script", "-"]).is_err(), "a script needs --headless");
        assert!(
            Cli::try_parse_from(["rollbook-kiosk", "enrol", "--server", "https://a.example", "--data", "x"]).is_ok()
        );
    }
}
