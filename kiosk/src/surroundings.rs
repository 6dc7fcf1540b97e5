//! What the window's surroundings say before it begins: which fonts there are, that nobody types accents, and one heap.
//!
//! The window's letters are in the program. fontconfig would read through every font of the system all the same when the
//! window begins; here it is given a list of one instead: our own, laid out beside the store. A list of none would not do:
//! the library that asks for fonts ends the program when there is not one, as on a system without fonts.
//!
//! Must never: stop the kiosk. Where it cannot be done the window begins a little later, and looks the same.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where fontconfig looks for its configuration, when this is set.
const VARIABLE: &str = "FONTCONFIG_FILE";
/// Rules for composing letters from several keys: X's library reads six thousand lines of them, for longer than all the rest
/// of the beginning takes. A finger and a card reader need none.
const NO_ACCENTS: (&str, &str) = ("XCOMPOSEFILE", "/dev/null");
/// One heap for the kiosk's few threads, which hardly ever ask for memory at once, in place of one for each.
const ONE_HEAP: (&str, &str) = ("MALLOC_ARENA_MAX", "1");
/// One face, as the window has it too; nothing in a build without fonts.
#[cfg(bundled_font)]
const FACE: Option<&[u8]> = Some(include_bytes!(env!("ROLLBOOK_FACE")));
#[cfg(not(bundled_font))]
const FACE: Option<&[u8]> = None;

/// Begins this program again, in its own place, with no fonts but its own and as little besides as it needs. Returns if that was done already, or cannot be.
/// (A variable of the environment can be set for a program only before it begins.)
pub fn begin_again(data: &Path) {
    let Some(face) = FACE else { return };
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let begun = lay_out(data, face).and_then(|list| Ok((list, std::env::current_exe()?))).map(|(list, program)| {
        // Comes back only if it failed.
        let own = [(VARIABLE, list.as_os_str())];
        let frugal = [NO_ACCENTS, ONE_HEAP].map(|(name, value)| (name, std::ffi::OsStr::new(value)));
        Command::new(program).args(std::env::args_os().skip(1)).envs(own).envs(frugal).exec()
    });
    let error = begun.unwrap_or_else(|error| error);
    tracing::warn!(%error, "the system's fonts are read too");
}

/// The face and the list that names it. What is there already stays: a full disk is no reason to read every font.
fn lay_out(data: &Path, face: &[u8]) -> io::Result<PathBuf> {
    let folder = std::path::absolute(data.join("fonts"))?;
    std::fs::create_dir_all(&folder)?;
    keep(&folder.join("face.ttf"), face)?;
    let place = folder.display().to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let list = folder.join("fonts.conf");
    let said = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n\
         <fontconfig><dir>{place}</dir><cachedir>{place}</cachedir></fontconfig>\n"
    );
    keep(&list, said.as_bytes())?;
    Ok(list)
}

fn keep(file: &Path, wanted: &[u8]) -> io::Result<()> {
    match std::fs::read(file) {
        Ok(there) if there == wanted => Ok(()),
        _ => std::fs::write(file, wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_and_its_list_are_laid_out_once() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("a & b");
        let list = lay_out(&data, b"face").unwrap();
        let said = std::fs::read_to_string(&list).unwrap();
        assert!(said.contains("a &amp; b/fonts</dir>"), "{said}");
        assert_eq!(std::fs::read(data.join("fonts/face.ttf")).unwrap(), b"face");
        let written = |file: &Path| std::fs::metadata(file).unwrap().modified().unwrap();
        let before = written(&list);
        assert_eq!(lay_out(&data, b"face").unwrap(), list);
        assert_eq!(written(&list), before, "nothing is written that is there");
        lay_out(&data, b"another face").unwrap();
        assert_eq!(std::fs::read(data.join("fonts/face.ttf")).unwrap(), b"another face");
    }

    /// A build with the window has its face.
    #[test]
    #[cfg(bundled_font)]
    fn the_face_is_a_font() {
        assert_eq!(FACE.unwrap()[..4], [0, 1, 0, 0], "a TrueType file");
    }
}
