//! The window's letters are in the program. fontconfig would read through every font of the system all the same when the
//! window begins; here it is given an empty list instead.
//!
//! Must never: be needed. Where it cannot be done the window begins a little later, and looks the same.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Where fontconfig looks for its configuration, when this is set.
const VARIABLE: &str = "FONTCONFIG_FILE";
const EMPTY: &str = "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n<fontconfig></fontconfig>\n";

/// Begins this program again, in its own place, with no fonts but its own. Returns if that was done already, or cannot be.
/// (A variable of the environment can be set for a program only before it begins.)
pub fn only_our_own(data: &Path) {
    if std::env::var_os(VARIABLE).is_some() || !cfg!(bundled_font) {
        return;
    }
    let list = data.join("fonts.conf");
    let written = std::fs::create_dir_all(data).and_then(|()| std::fs::write(&list, EMPTY));
    let begun = written.and_then(|()| std::env::current_exe()).map(|program| {
        // Comes back only if it failed.
        Command::new(program).args(std::env::args_os().skip(1)).env(VARIABLE, &list).exec()
    });
    let error = begun.unwrap_or_else(|error| error);
    tracing::warn!(%error, "the system's fonts are read too");
}
