//! SQLite's interface for a file system (`sqlite3_vfs`), over the disks that are mounted; any other path goes to the
//! operating system's.
//!
//! The one place of the project, beside what Slint makes, with `unsafe`: SQLite calls C functions with pointers, and there
//! is no other way in. The crate sqlite-plugin would write this part, but needs clang's library on every machine that
//! builds, and does not say whether SQLite asked for a folder to be synced.
//!
//! Must never: hold a rule about what is lost, or unwind into SQLite.
#![allow(unsafe_code)]

use super::content::{Code, Content};
use super::disk::mounted;
use super::locks::{Lock, Mine, Shared};
use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// An open file, as SQLite allocates it: its methods first, then ours.
#[repr(C)]
struct Open {
    base: sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    content: Arc<Mutex<Content>>,
    life: u64,
    number: u64,
    path: PathBuf,
    gone_when_closed: bool,
    /// Opened as a journal or a write-ahead log: the first sync through it syncs the folder too, as SQLite does on Unix.
    syncs_folder: bool,
    level: c_int,
    shared: Option<Arc<Shared>>,
    mine: Mine,
}

/// The operating system's file system, kept as a number so that it may stand in a static.
static SYSTEM: OnceLock<usize> = OnceLock::new();

fn system() -> *mut sqlite3_vfs {
    SYSTEM.get().copied().unwrap_or_default() as *mut sqlite3_vfs
}

/// Makes this the process's default. Once is enough; it stays.
pub fn install() -> std::io::Result<()> {
    static INSTALLED: OnceLock<c_int> = OnceLock::new();
    let code = *INSTALLED.get_or_init(|| {
        // SAFETY: no name asks for the default; SQLite initialises itself. What it answers lives as long as the process.
        let base = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
        if base.is_null() {
            return ffi::SQLITE_ERROR;
        }
        let _ = SYSTEM.set(base as usize);
        // SAFETY: it is the system's own, whole and never changed; a copy takes over its clock, randomness and the like.
        let mut ours = unsafe { *base };
        ours.szOsFile = ours.szOsFile.max(c_int::try_from(size_of::<Open>()).unwrap_or(c_int::MAX));
        ours.pNext = std::ptr::null_mut();
        ours.zName = c"forget".as_ptr();
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        ours.xAccess = Some(access);
        // SAFETY: registered for ever, so leaked.
        unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) }
    });
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(std::io::Error::other(format!("SQLite does not take the file system: {code}"))),
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

impl Handle {
    /// Does something to the file, if the process still lives.
    fn with<T>(&mut self, work: impl FnOnce(&mut Content, &mut Self) -> Result<T, Code>) -> Result<T, Code> {
        let content = Arc::clone(&self.content);
        let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.life != self.life || content.dark {
            return Err(ffi::SQLITE_IOERR);
        }
        work(&mut content, self)
    }
}

fn code(done: Result<(), Code>) -> c_int {
    done.err().unwrap_or(ffi::SQLITE_OK)
}

/// # Safety
/// `file` is one that [`open`] opened and nobody has closed; SQLite uses one from one thread at a time.
unsafe fn with<T>(
    file: *mut sqlite3_file,
    work: impl FnOnce(&mut Content, &mut Handle) -> Result<T, Code>,
) -> Result<T, Code> {
    // SAFETY: as said above; `open` has put a leaked box there.
    let handle = unsafe { &mut *(*file.cast::<Open>()).handle };
    handle.with(work)
}

/// # Safety
/// `name` is a C string, or null.
unsafe fn path_of<'a>(name: *const c_char) -> Option<&'a Path> {
    // SAFETY: as said above.
    (!name.is_null()).then(|| Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes())))
}

fn number(n: impl TryInto<usize>) -> Result<usize, Code> {
    n.try_into().map_err(|_| ffi::SQLITE_IOERR)
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's own name for a file.
    let path = unsafe { path_of(name) };
    let Some((path, content)) = path.and_then(|path| Some((path, mounted(path)?))) else {
        // SAFETY: the system's own way, with its own arguments; there is room for the larger of both files.
        return unsafe {
            (*system()).xOpen.map_or(ffi::SQLITE_CANTOPEN, |open| open(system(), name, file, flags, out))
        };
    };
    // SAFETY: SQLite gives room for `szOsFile` bytes. A file without methods is one that was not opened.
    unsafe { (*file).pMethods = std::ptr::null() };
    let opened = {
        let mut inside = content.lock().unwrap_or_else(PoisonError::into_inner);
        let found = if inside.dark { Err(ffi::SQLITE_CANTOPEN) } else { inside.find(path) };
        match found {
            Ok(Some(_)) if flags & ffi::SQLITE_OPEN_EXCLUSIVE != 0 => Err(ffi::SQLITE_CANTOPEN),
            Ok(None) if flags & ffi::SQLITE_OPEN_CREATE != 0 => inside.create(path),
            found => found.and_then(|found| found.ok_or(ffi::SQLITE_CANTOPEN)),
        }
        .map(|number| (number, inside.life, inside.read_only))
    };
    let (number, life, read_only) = match opened {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    let journal = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;
    let handle = Box::new(Handle {
        content,
        life,
        number,
        path: path.to_owned(),
        gone_when_closed: flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0,
        syncs_folder: flags & journal != 0 && flags & ffi::SQLITE_OPEN_CREATE != 0,
        level: ffi::SQLITE_LOCK_NONE,
        shared: None,
        mine: Mine::default(),
    });
    // SAFETY: as above; `out` may be null.
    unsafe {
        file.cast::<Open>()
            .write(Open { base: sqlite3_file { pMethods: &raw const METHODS }, handle: Box::into_raw(handle) });
        if !out.is_null() {
            let readable = (flags & !ffi::SQLITE_OPEN_READWRITE) | ffi::SQLITE_OPEN_READONLY;
            *out = if read_only { readable } else { flags };
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite's own name for a file.
    match unsafe { path_of(name) }.and_then(|path| Some((path, mounted(path)?))) {
        Some((path, content)) => {
            let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
            code(content.delete(path, sync != 0))
        }
        // SAFETY: the system's own way, with its own arguments.
        None => unsafe { (*system()).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| delete(system(), name, sync)) },
    }
}

unsafe extern "C" fn access(_: *mut sqlite3_vfs, name: *const c_char, flags: c_int, out: *mut c_int) -> c_int {
    // SAFETY: SQLite's own name for a file.
    let Some((path, content)) = (unsafe { path_of(name) }).and_then(|path| Some((path, mounted(path)?))) else {
        // SAFETY: the system's own way, with its own arguments.
        return unsafe {
            (*system()).xAccess.map_or(ffi::SQLITE_IOERR_ACCESS, |access| access(system(), name, flags, out))
        };
    };
    let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
    let found = if content.dark { Err(ffi::SQLITE_IOERR_ACCESS) } else { content.find(path) };
    let yes = match found {
        // An empty file is none, as SQLite on Unix has it.
        Ok(Some(number)) => {
            let filled = content.file(number).is_ok_and(|file| !file.content().is_empty());
            match flags {
                ffi::SQLITE_ACCESS_EXISTS => filled,
                ffi::SQLITE_ACCESS_READWRITE => !content.read_only,
                _ => true,
            }
        }
        Ok(None) => false,
        Err(code) => return code,
    };
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *out = c_int::from(yes) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as for `with`; SQLite will not use the file again, so the box is taken back.
    let mut handle = unsafe { Box::from_raw((*file.cast::<Open>()).handle) };
    let done = handle.with(|content, handle| {
        release(handle);
        content.file(handle.number)?.locks.unlock(&mut handle.level, ffi::SQLITE_LOCK_NONE);
        if handle.gone_when_closed { content.delete(&handle.path, false) } else { Ok(()) }
    });
    // SAFETY: as above.
    unsafe { (*file).pMethods = std::ptr::null() };
    // Who is gone cannot fail to go.
    let _ = done;
    ffi::SQLITE_OK
}

fn release(handle: &mut Handle) {
    if let Some(shared) = handle.shared.take() {
        shared.unlock(&mut handle.mine, 0, ffi::SQLITE_SHM_NLOCK as usize);
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, amount: c_int, offset: sqlite3_int64) -> c_int {
    let done = number(amount).and_then(|amount| {
        // SAFETY: SQLite gives `amount` bytes of room. They are filled before anybody reads them.
        let into = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), amount) };
        into.fill(0);
        // SAFETY: SQLite's open file.
        unsafe {
            with(file, |content, handle| match content.file(handle.number)?.read(number(offset)?, into) {
                there if there < amount => Err(ffi::SQLITE_IOERR_SHORT_READ),
                _ => Ok(()),
            })
        }
    });
    code(done)
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let done = number(amount).and_then(|amount| {
        // SAFETY: SQLite gives `amount` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), amount) };
        // SAFETY: SQLite's open file.
        unsafe { with(file, |content, handle| content.write(handle.number, number(offset)?, bytes)) }
    });
    code(done)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: SQLite's open file.
    code(unsafe { with(file, |content, handle| content.truncate(handle.number, number(size)?)) })
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: SQLite's open file.
    code(unsafe {
        with(file, |content, handle| {
            let folder = handle.syncs_folder.then_some(handle.path.as_path());
            content.sync(handle.number, folder)?;
            handle.syncs_folder = false;
            Ok(())
        })
    })
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite's open file, and a place for the answer.
    code(unsafe {
        with(file, |content, handle| {
            let size = content.file(handle.number)?.content().len();
            *out = sqlite3_int64::try_from(size).map_err(|_| ffi::SQLITE_IOERR_FSTAT)?;
            Ok(())
        })
    })
}

fn held(lock: Lock) -> Result<(), Code> {
    match lock {
        Lock::Held => Ok(()),
        Lock::Busy => Err(ffi::SQLITE_BUSY),
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, to: c_int) -> c_int {
    // SAFETY: SQLite's open file.
    code(unsafe { with(file, |content, handle| held(content.file(handle.number)?.locks.lock(&mut handle.level, to))) })
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, to: c_int) -> c_int {
    // SAFETY: SQLite's open file.
    let done = unsafe {
        with(file, |content, handle| {
            content.file(handle.number)?.locks.unlock(&mut handle.level, to);
            Ok(())
        })
    };
    // Who is gone holds no lock.
    let _ = done;
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite's open file, and a place for the answer.
    code(unsafe {
        with(file, |content, handle| {
            *out = c_int::from(content.file(handle.number)?.locks.reserved());
            Ok(())
        })
    })
}

unsafe extern "C" fn file_control(_: *mut sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    4096
}

/// As SQLite on Unix has it by default: a write leaves the bytes beside it alone, also when the power goes.
unsafe extern "C" fn characteristics(_: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite's open file, and a place for the answer. The region lives until the handle lets go of `shared`.
    code(unsafe {
        with(file, |content, handle| {
            let file = content.file(handle.number)?;
            let shared = handle.shared.get_or_insert_with(|| Arc::clone(&file.shared));
            let region = shared.region(number(region)?, number(bytes)?, extend != 0);
            *out = region.map_or(std::ptr::null_mut(), |region| region.cast_mut().cast());
            Ok(())
        })
    })
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite's open file.
    code(unsafe {
        with(file, |_, handle| {
            let shared = handle.shared.as_ref().ok_or(ffi::SQLITE_IOERR_SHMLOCK)?;
            let (first, count) = (number(first)?, number(count)?);
            if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
                shared.unlock(&mut handle.mine, first, count);
                return Ok(());
            }
            held(shared.lock(&mut handle.mine, first, count, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0))
        })
    })
}

unsafe extern "C" fn shm_barrier(_: *mut sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, deleted: c_int) -> c_int {
    // SAFETY: SQLite's open file, whose process may be gone: then its memory goes too.
    let handle = unsafe { &mut *(*file.cast::<Open>()).handle };
    release(handle);
    let done = handle.with(|content, handle| {
        let file = content.file(handle.number)?;
        // The last one that has it open (the file itself keeps one) takes it along.
        if deleted != 0 || Arc::strong_count(&file.shared) == 1 {
            file.shared = Arc::default();
        }
        Ok(())
    });
    let _ = done;
    ffi::SQLITE_OK
}
