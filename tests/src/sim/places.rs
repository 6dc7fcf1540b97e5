//! Where the simulated machines keep their files: each on a disk of its own that forgets, mounted on a folder in memory.
//!
//! Must never: know what stands in the files.

use crate::forget::{Disk, Image};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder in memory that goes when this does.
pub struct Place(PathBuf);

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Place {
    /// A new, empty one.
    ///
    /// # Panics
    /// When the system has no room for a folder.
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let name = format!("rollbook-sim-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = base.join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// The folder of one machine.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // a leftover in memory goes with the machine
    }
}

/// Mounts an empty disk that forgets on a machine's folder.
///
/// # Panics
/// When it cannot be mounted.
pub fn mount(folder: &Path, seed: u64) -> Disk {
    std::fs::create_dir_all(folder).expect("a folder");
    Disk::mount(folder, seed).expect("a disk")
}

/// The files of SQLite that lie in a plain folder, for a disk that forgets. `others` takes the rest (keys), which programs read past
/// SQLite.
///
/// # Errors
/// When it cannot be read or written.
pub fn read(folder: &Path, others: &Path) -> std::io::Result<Image> {
    let (mut image, mut folders) = (Image::default(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(below) = path.strip_prefix(folder) {
                if !below.to_string_lossy().contains(".db") {
                    let to = others.join(below);
                    std::fs::create_dir_all(to.parent().unwrap_or(others))?;
                    std::fs::copy(&path, to)?;
                    continue;
                }
                image.files.insert(below.to_owned(), std::fs::read(&path)?);
            }
        }
    }
    Ok(image)
}

/// The bytes on a disk.
pub fn size(image: &Image) -> u64 {
    image.files.values().map(|bytes| bytes.len() as u64).sum()
}

/// The school as it is made once in each process.
pub struct Template {
    /// Everybody.
    pub school: super::school::School,
    /// The server's files.
    pub server: Image,
    /// Each kiosk's.
    pub kiosks: Vec<Image>,
    /// Who each kiosk is.
    pub ids: Vec<shared::id::KioskId>,
    /// What was printed when the server was set up.
    pub paper: String,
}

/// The template of this process.
pub fn template() -> &'static Template {
    static MADE: OnceLock<Template> = OnceLock::new();
    MADE.get_or_init(|| {
        let place = Place::new();
        let (school, ids, server, kiosks, paper) = super::school::School::make(&place);
        Template { school, server, kiosks, ids, paper }
    })
}
