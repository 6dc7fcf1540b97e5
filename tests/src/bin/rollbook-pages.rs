//! Writes the man pages and the shell completions of both programs, as their command lines are: `rollbook-pages FOLDER` makes
//! `FOLDER/rollbook-kiosk/…` and `FOLDER/rollbook-server/…`, laid out as in `/usr/share`. The packages carry them.
//!
//! Must never: say of a command line what its own definition does not.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("rollbook-pages FOLDER");
        return ExitCode::FAILURE;
    };
    let folder = PathBuf::from(folder);
    for command in [kiosk::cli::Cli::command(), server::cli::command()] {
        if let Err(error) = pages(&folder, command) {
            eprintln!("rollbook-pages: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn pages(folder: &Path, mut command: Command) -> Result<(), Box<dyn Error>> {
    let name = command.get_name().to_owned();
    let share = folder.join(&name);
    let man = share.join("man/man1");
    std::fs::create_dir_all(&man)?;
    let places = [
        (Shell::Bash, "bash-completion/completions", name.clone()),
        (Shell::Zsh, "zsh/vendor-completions", format!("_{name}")),
        (Shell::Fish, "fish/vendor_completions.d", format!("{name}.fish")),
    ];
    for (shell, place, file) in places {
        let place = share.join(place);
        std::fs::create_dir_all(&place)?;
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut text);
        std::fs::File::create(place.join(file))?.write_all(&text)?;
    }
    clap_mangen::generate_to(command.disable_help_subcommand(true), &man)?;
    Ok(())
}
