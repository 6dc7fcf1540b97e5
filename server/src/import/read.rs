//! From a path to named bytes: a zip, a folder, or one CSV file, within limits.
//!
//! Must never: write to disk, follow a link, or unpack more than the limits say.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

/// Files in one zip or folder, at most.
pub const FILES: usize = 200;
/// Bytes of one file, unpacked, at most.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of all files, unpacked, at most.
pub const TOTAL_BYTES: u64 = 160 * 1024 * 1024;
/// Bytes of a zip, at most.
pub const ZIP_BYTES: u64 = 64 * 1024 * 1024;

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Its name, without folders.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system said no.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Neither a folder, nor a zip, nor a CSV file.
    #[error("{0}: expected a zip file, a folder, or pupils.csv")]
    Kind(String),
    /// The zip is damaged.
    #[error("the zip file cannot be read ({0}). Export it again")]
    Zip(String),
    /// Locked with a password.
    #[error("{0} in the zip is locked with a password. Export it without one")]
    Locked(String),
    /// A name that points outside, a link, a device.
    #[error(
        "the zip holds an entry with a name that leads elsewhere; it was not read. Export it again, and ask where it came from"
    )]
    Trick,
    /// A link in a folder.
    #[error("{0} is a link, not a file. Put the file itself into the folder")]
    Link(String),
    /// Beyond a limit.
    #[error("{what} is larger than {limit}. A school's roster is far smaller: is this the right file?")]
    TooLarge {
        /// What.
        what: String,
        /// The limit, in words.
        limit: String,
    },
    /// No CSV file in it.
    #[error("no CSV file in it")]
    Nothing,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ReadError {
    let path = path.to_owned();
    move |source| ReadError::File { path, source }
}

fn too_large(what: impl Into<String>, bytes: u64) -> ReadError {
    ReadError::TooLarge { what: what.into(), limit: format!("{} MB", bytes / 1024 / 1024) }
}

/// Reads a folder, a zip or one CSV file.
///
/// # Errors
/// [`ReadError`], in words for whoever chose the file.
pub fn path(path: &Path) -> Result<Vec<NamedFile>, ReadError> {
    let meta = std::fs::metadata(path).map_err(io(path))?;
    if meta.is_dir() {
        return folder(path);
    }
    if !meta.is_file() {
        return Err(ReadError::Kind(path.display().to_string()));
    }
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if meta.len() > ZIP_BYTES {
        return Err(too_large(name, ZIP_BYTES));
    }
    named(&name, std::fs::read(path).map_err(io(path))?)
}

/// Reads what was handed over by name and bytes: a zip, or one CSV file.
///
/// # Errors
/// As for [`path`].
pub fn named(name: &str, bytes: Vec<u8>) -> Result<Vec<NamedFile>, ReadError> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip(&bytes);
    }
    if is_csv(name) {
        return Ok(vec![NamedFile { name: name.to_owned(), bytes }]);
    }
    Err(ReadError::Kind(name.to_owned()))
}

fn is_csv(name: &str) -> bool {
    name.len() > 4 && name.is_char_boundary(name.len() - 4) && name[name.len() - 4..].eq_ignore_ascii_case(".csv")
}

fn folder(dir: &Path) -> Result<Vec<NamedFile>, ReadError> {
    let mut found = Vec::new();
    let mut total = 0;
    for entry in std::fs::read_dir(dir).map_err(io(dir))? {
        let entry = entry.map_err(io(dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_csv(&name) || name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(io(&entry.path()))?;
        if kind.is_symlink() {
            return Err(ReadError::Link(name));
        }
        if !kind.is_file() {
            continue;
        }
        if found.len() >= FILES {
            return Err(ReadError::TooLarge { what: "the folder".into(), limit: format!("{FILES} files") });
        }
        let file = std::fs::File::open(entry.path()).map_err(io(&entry.path()))?;
        let bytes = take(file, &name, &mut total).map_err(|e| e.unwrap_or_else(io(&entry.path())))?;
        found.push(NamedFile { name, bytes });
    }
    finish(found)
}

/// Reads to the limits; the declared size is not believed.
fn take(from: impl Read, name: &str, total: &mut u64) -> Result<Vec<u8>, Accident> {
    let room = FILE_BYTES.min(TOTAL_BYTES.saturating_sub(*total));
    let mut bytes = Vec::new();
    from.take(room + 1).read_to_end(&mut bytes).map_err(Accident::Io)?;
    let got = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if got > room {
        return Err(Accident::Read(too_large(format!("{name}, unpacked,"), room)));
    }
    *total += got;
    Ok(bytes)
}

enum Accident {
    Io(std::io::Error),
    Read(ReadError),
}
impl Accident {
    fn unwrap_or_else(self, io: impl FnOnce(std::io::Error) -> ReadError) -> ReadError {
        match self {
            Self::Io(error) => io(error),
            Self::Read(error) => error,
        }
    }
}

/// Reads a zip from memory.
///
/// # Errors
/// As for [`path`].
pub fn zip(bytes: &[u8]) -> Result<Vec<NamedFile>, ReadError> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > ZIP_BYTES {
        return Err(too_large("the zip file", ZIP_BYTES));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| ReadError::Zip(e.to_string()))?;
    if archive.len() > FILES {
        return Err(ReadError::TooLarge { what: "the zip file".into(), limit: format!("{FILES} files") });
    }
    let mut found = Vec::new();
    let mut total = 0;
    for index in 0..archive.len() {
        let listed = archive.name_for_index(index).and_then(Result::ok).unwrap_or_default().into_owned();
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(zip::result::ZipError::UnsupportedArchive(why)) if why.contains("assword") => {
                return Err(ReadError::Locked(listed));
            }
            Err(error) => return Err(ReadError::Zip(error.to_string())),
        };
        // Only names without tricks; nothing is unpacked to disk, but a file that tries is not to be trusted.
        let Some(inside) = entry.enclosed_name() else { return Err(ReadError::Trick) };
        let Ok(said) = entry.name() else { return Err(ReadError::Trick) };
        if said.starts_with('/')
            || said.contains(['\\', ':', '\0'])
            || said.split('/').any(|part| part == "..")
            || entry.is_symlink()
        {
            return Err(ReadError::Trick);
        }
        let depth = inside.components().count();
        let name = inside.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // One folder around everything is what some systems make; deeper is somebody's backup.
        if entry.is_dir() || depth > 2 || !is_csv(&name) || name.starts_with('.') || inside.starts_with("__MACOSX") {
            continue;
        }
        let bytes =
            take(entry, &name, &mut total).map_err(|e| e.unwrap_or_else(|error| ReadError::Zip(error.to_string())))?;
        found.push(NamedFile { name, bytes });
    }
    finish(found)
}

fn finish(mut found: Vec<NamedFile>) -> Result<Vec<NamedFile>, ReadError> {
    if found.is_empty() {
        return Err(ReadError::Nothing);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name)); // a folder has no order; the same files must be read alike
    Ok(found)
}
