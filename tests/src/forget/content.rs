//! What lies on a disk that forgets: names, files, and the faults that it was told to have.
//!
//! Must never: answer a process that was there before a cut.

use super::disk::{Counts, Image, Lost};
use super::file::File;
use fastrand::Rng;
use rusqlite::ffi;
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_int;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What SQLite is told when something does not work.
pub type Code = c_int;
/// Files are numbered, and no number is used twice.
pub type Number = u64;

/// A name in a folder: which file it means.
#[derive(Debug, Default)]
struct Name {
    now: Option<Number>,
    durable: Option<Number>,
    /// What it has meant since the folder was synced, oldest first.
    since: Vec<Option<Number>>,
}

/// Everything on the disk.
#[derive(Debug)]
pub struct Content {
    folder: PathBuf,
    names: BTreeMap<PathBuf, Name>,
    files: BTreeMap<Number, File>,
    /// Which file an empty real file stands for.
    stands_for: HashMap<u64, Number>,
    numbered: Number,
    /// Rises with every cut and kill: who was there before is gone.
    pub life: u64,
    pub dice: Rng,
    pub dark: bool,
    pub dark_in: Option<u64>,
    pub room: Option<u64>,
    pub read_only: bool,
    pub failing_syncs: u32,
    pub lying: bool,
    pub counts: Counts,
}

/// What is about to be done to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    /// There is power.
    On,
    /// It goes now. Whether this very thing is still done is a matter of luck.
    Going { done: bool },
}

impl Content {
    pub fn new(folder: PathBuf, seed: u64) -> Self {
        Self {
            folder,
            names: BTreeMap::new(),
            files: BTreeMap::new(),
            stands_for: HashMap::new(),
            numbered: 0,
            life: 0,
            dice: Rng::with_seed(seed),
            dark: false,
            dark_in: None,
            room: None,
            read_only: false,
            failing_syncs: 0,
            lying: false,
            counts: Counts::default(),
        }
    }

    pub fn file(&mut self, number: Number) -> Result<&mut File, Code> {
        self.files.get_mut(&number).ok_or(ffi::SQLITE_IOERR)
    }

    /// One step nearer to the cut, where one is due.
    fn step(&mut self) -> Result<Power, Code> {
        if self.dark {
            return Err(ffi::SQLITE_IOERR);
        }
        self.counts.operations += 1;
        match &mut self.dark_in {
            Some(0) => {
                self.dark = true;
                Ok(Power::Going { done: self.dice.bool() })
            }
            Some(left) => {
                *left -= 1;
                Ok(Power::On)
            }
            None => Ok(Power::On),
        }
    }

    fn after(power: Power) -> Result<(), Code> {
        match power {
            Power::On => Ok(()),
            Power::Going { .. } => Err(ffi::SQLITE_IOERR),
        }
    }

    /// The file that a path means now. A real file with something in it is taken over, as durable.
    pub fn find(&mut self, path: &Path) -> Result<Option<Number>, Code> {
        let Ok(real) = std::fs::symlink_metadata(path) else { return Ok(None) };
        if !real.is_file() {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let known = self.stands_for.get(&real.ino()).copied();
        let number = match known {
            Some(number) if real.len() == 0 => number,
            _ => {
                let content = std::fs::read(path).map_err(|_| ffi::SQLITE_CANTOPEN)?;
                std::fs::File::create(path).map_err(|_| ffi::SQLITE_CANTOPEN)?;
                self.keep(real.ino(), File::holding(content))
            }
        };
        let name = self.names.entry(path.to_owned()).or_default();
        if name.now != Some(number) {
            *name = Name { now: Some(number), durable: Some(number), since: Vec::new() };
        }
        Ok(Some(number))
    }

    fn keep(&mut self, inode: u64, file: File) -> Number {
        self.numbered += 1;
        self.files.insert(self.numbered, file);
        self.stands_for.insert(inode, self.numbered);
        self.numbered
    }

    pub fn create(&mut self, path: &Path) -> Result<Number, Code> {
        if self.read_only {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let power = self.step().map_err(|_| ffi::SQLITE_CANTOPEN)?;
        if power != (Power::Going { done: false }) {
            let inode = stand_in(path).map_err(|_| ffi::SQLITE_CANTOPEN)?;
            let number = self.keep(inode, File::default());
            let name = self.names.entry(path.to_owned()).or_default();
            name.now = Some(number);
            name.since.push(Some(number));
        }
        Self::after(power).map_err(|_| ffi::SQLITE_CANTOPEN)?;
        Ok(self.numbered)
    }

    pub fn delete(&mut self, path: &Path, sync: bool) -> Result<(), Code> {
        if self.find(path)?.is_none() {
            return Err(ffi::SQLITE_IOERR_DELETE_NOENT);
        }
        if self.read_only {
            return Err(ffi::SQLITE_IOERR_DELETE);
        }
        let power = self.step()?;
        if power != (Power::Going { done: false }) {
            if let Ok(real) = std::fs::symlink_metadata(path) {
                self.stands_for.remove(&real.ino());
            }
            std::fs::remove_file(path).map_err(|_| ffi::SQLITE_IOERR_DELETE)?;
            let name = self.names.entry(path.to_owned()).or_default();
            name.now = None;
            name.since.push(None);
        }
        Self::after(power)?;
        if sync {
            self.sync_folder_of(path);
        }
        Ok(())
    }

    fn sync_folder_of(&mut self, path: &Path) {
        self.counts.folder_syncs += 1;
        if self.lying {
            return;
        }
        for (_, name) in self.names.iter_mut().filter(|(other, _)| other.parent() == path.parent()) {
            name.durable = name.now;
            name.since.clear();
        }
    }

    pub fn write(&mut self, number: Number, offset: usize, bytes: &[u8]) -> Result<(), Code> {
        if self.read_only {
            return Err(ffi::SQLITE_IOERR_WRITE);
        }
        if let Some(room) = self.room {
            let used: usize = self.files.values().map(|file| file.content().len()).sum();
            let grows = (offset + bytes.len()).saturating_sub(self.file(number)?.content().len());
            if grows > 0 && u64::try_from(used + grows).unwrap_or(u64::MAX) > room {
                return Err(ffi::SQLITE_FULL);
            }
        }
        let power = self.step()?;
        // The part of a write that was still done is the business of the cut: each of its sectors arrives or not.
        if power != (Power::Going { done: false }) {
            self.counts.writes += 1;
            self.file(number)?.write(offset, bytes);
        }
        Self::after(power)
    }

    pub fn truncate(&mut self, number: Number, size: usize) -> Result<(), Code> {
        if self.read_only {
            return Err(ffi::SQLITE_IOERR_TRUNCATE);
        }
        let power = self.step()?;
        if power != (Power::Going { done: false }) {
            self.file(number)?.truncate(size);
        }
        Self::after(power)
    }

    /// `folder`: also the folder that this path stands in.
    pub fn sync(&mut self, number: Number, folder: Option<&Path>) -> Result<(), Code> {
        // A sync that the power interrupts has synced nothing for certain: what arrives is the business of the cut.
        Self::after(self.step()?)?;
        self.counts.syncs += 1;
        if self.failing_syncs > 0 {
            self.failing_syncs -= 1;
            let mut dice = self.dice.fork();
            self.file(number)?.half_sync(&mut dice);
            return Err(ffi::SQLITE_IOERR_FSYNC);
        }
        if !self.lying {
            self.file(number)?.sync();
        }
        if let Some(path) = folder {
            self.sync_folder_of(path);
        }
        Ok(())
    }

    /// Somebody else may have renamed files, or taken them away: what stands in the folders now is so, and synced.
    fn look_around(&mut self) {
        let mut here = BTreeMap::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(kind) if kind.is_file() => {
                        // Others' files are not ours to look into, unless they were written over one of ours.
                        if let Ok(real) = entry.metadata()
                            && self.stands_for.contains_key(&real.ino())
                            && let Ok(Some(number)) = self.find(&entry.path())
                        {
                            here.insert(entry.path(), number);
                        }
                    }
                    _ => {}
                }
            }
        }
        for (path, name) in &mut self.names {
            if name.now.is_some() && !here.contains_key(path) {
                *name = Name::default();
            }
        }
        for (path, number) in here {
            let name = self.names.entry(path).or_default();
            if name.now != Some(number) {
                *name = Name { now: Some(number), durable: Some(number), since: Vec::new() };
            }
        }
    }

    /// The power goes and comes back.
    pub fn cut(&mut self) -> Lost {
        self.look_around();
        let mut lost = Lost::default();
        let mut survive = BTreeMap::new();
        for (path, name) in std::mem::take(&mut self.names) {
            let choices = name.since.len();
            let luck = self.dice.usize(0..=choices);
            let survives = if luck == 0 { name.durable } else { name.since[luck - 1] };
            lost.names += usize::from(survives != name.now);
            if let Some(number) = survives {
                survive.insert(path, number);
            }
        }
        let mut files = std::mem::take(&mut self.files);
        let mut contents = BTreeMap::new();
        for (path, number) in survive {
            let Some(mut file) = files.remove(&number) else { continue };
            let torn = file.cut(&mut self.dice);
            lost.at_risk += torn.at_risk;
            lost.sectors += torn.lost;
            contents.insert(path, file.content().to_owned());
        }
        self.counts.cuts += 1;
        self.begin_with(contents);
        lost
    }

    /// The process goes. What it wrote stays, and what it had not synced can still be lost by a cut.
    pub fn kill(&mut self) {
        self.look_around();
        self.life += 1;
        self.dark = false;
        self.dark_in = None;
        self.files.values_mut().for_each(File::kill);
    }

    /// Everything that can be seen now, by its place in the folder.
    pub fn image(&mut self) -> Image {
        self.look_around();
        let seen = self.names.iter().filter_map(|(path, name)| {
            let file = self.files.get(&name.now?)?;
            Some((path.strip_prefix(&self.folder).ok()?.to_owned(), file.content().to_owned()))
        });
        Image { files: seen.collect() }
    }

    /// Another disk lies in the folder now.
    pub fn restore(&mut self, image: &Image) {
        self.look_around();
        let contents = image.files.iter().map(|(path, bytes)| (self.folder.join(path), bytes.clone())).collect();
        self.begin_with(contents);
    }

    fn begin_with(&mut self, contents: BTreeMap<PathBuf, Vec<u8>>) {
        self.life += 1;
        self.dark = false;
        self.dark_in = None;
        // Everything that stood for a file of ours goes; a real file of another kind in the folder stays.
        let known = std::mem::take(&mut self.stands_for);
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.metadata() {
                    Ok(real) if real.is_dir() => folders.push(entry.path()),
                    Ok(real) if known.contains_key(&real.ino()) => drop(std::fs::remove_file(entry.path())),
                    _ => {}
                }
            }
        }
        self.names.clear();
        self.files.clear();
        for (path, content) in contents {
            if let Some(folder) = path.parent()
                && std::fs::create_dir_all(folder).is_ok()
                && let Ok(inode) = stand_in(&path)
            {
                let number = self.keep(inode, File::holding(content));
                self.names.insert(path, Name { now: Some(number), durable: Some(number), since: Vec::new() });
            }
        }
    }

    pub fn flip(&mut self, path: &Path, offset: usize, mask: u8) -> bool {
        match self.find(path) {
            Ok(Some(number)) => self.files.get_mut(&number).is_some_and(|file| file.flip(offset, mask)),
            _ => false,
        }
    }
}

fn stand_in(path: &Path) -> std::io::Result<u64> {
    Ok(std::fs::File::create(path)?.metadata()?.ino())
}
