//! The door between SQLite and the disk through which our files are opened: it writes the sum of each page with the
//! page, and refuses a page whose sum does not fit.
//!
//! It is the system's own door with three handles changed (open, read, write), and SQLite's own way to do this. The one
//! place of unsafe code: SQLite is written in C and calls these.
//!
//! Must never: touch a file whose header does not ask for sums, or a journal.
#![allow(unsafe_code)]

use super::sums;
use rusqlite::{Connection, ffi};
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Its name, for opening.
pub const NAME: &CStr = c"rollbook";

/// The system's door, as it was before.
static SYSTEM: OnceLock<Result<Door, c_int>> = OnceLock::new();
/// The changed tables of methods, one for each that the system's door uses.
static TABLES: Mutex<Vec<(Methods, Methods)>> = Mutex::new(Vec::new());

#[derive(Clone, Copy)]
struct Door(*mut ffi::sqlite3_vfs);
// SAFETY: SQLite's doors live as long as the process and are made to be used from every thread.
unsafe impl Send for Door {}
// SAFETY: as above.
unsafe impl Sync for Door {}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Methods(*const ffi::sqlite3_io_methods);
// SAFETY: tables of functions that are never written to and never freed.
unsafe impl Send for Methods {}

/// What stands behind the system's own file in memory.
#[repr(C)]
struct Behind {
    methods: *const ffi::sqlite3_io_methods,
    /// 0: no sums in this file, or not known yet; else the size of its pages.
    page: usize,
}

thread_local! {
    /// A page on its way to the disk, with its sum.
    static PAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes the door known to SQLite, once.
///
/// # Errors
/// SQLite's code, when it refuses.
pub fn install() -> Result<(), rusqlite::Error> {
    let made = SYSTEM.get_or_init(|| {
        // SAFETY: `sqlite3_vfs_find(NULL)` answers the default door, which lives as long as the process, or NULL. The copy
        // is leaked, so it does too; only its name, size, successor and way to open are changed.
        unsafe {
            let system = ffi::sqlite3_vfs_find(std::ptr::null());
            if system.is_null() {
                return Err(ffi::SQLITE_ERROR);
            }
            let mut ours = std::ptr::read(system);
            ours.szOsFile = c_int::try_from(behind_at(system) + size_of::<Behind>()).unwrap_or(c_int::MAX);
            ours.pNext = std::ptr::null_mut();
            ours.zName = NAME.as_ptr();
            ours.xOpen = Some(open);
            let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 0);
            if code == ffi::SQLITE_OK { Ok(Door(system)) } else { Err(code) }
        }
    });
    match made {
        Ok(_) => Ok(()),
        Err(code) => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(*code), None)),
    }
}

/// Asks for room for the sums at the end of each page: at once in an empty file, else when it is next rewritten.
///
/// # Errors
/// SQLite's code, when it refuses.
pub fn make_room(conn: &Connection) -> Result<(), rusqlite::Error> {
    let mut bytes = c_int::try_from(sums::BYTES).unwrap_or_default();
    // SAFETY: the handle is open for as long as `conn` is borrowed; the argument is the int that this control asks for.
    let code = unsafe {
        ffi::sqlite3_file_control(
            conn.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_RESERVE_BYTES,
            std::ptr::from_mut(&mut bytes).cast::<c_void>(),
        )
    };
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)) }
}

fn system() -> Option<*mut ffi::sqlite3_vfs> {
    SYSTEM.get().and_then(|made| made.as_ref().ok()).map(|door| door.0)
}

/// Where in a file's memory ours begins: behind the system's, on a boundary.
///
/// # Safety
/// `system` must be a living door.
unsafe fn behind_at(system: *mut ffi::sqlite3_vfs) -> usize {
    // SAFETY: by the caller.
    let size = usize::try_from(unsafe { (*system).szOsFile }).unwrap_or_default();
    size.next_multiple_of(align_of::<Behind>())
}

/// # Safety
/// `file` must be one that [`open`] has opened as a main database.
unsafe fn behind<'f>(file: *mut ffi::sqlite3_file) -> Option<&'f mut Behind> {
    let system = system()?;
    // SAFETY: SQLite gave room of `szOsFile` bytes, as ours asks for, and `open` has written this part. A file is used by
    // one connection, and so by one thread at a time.
    unsafe { file.cast::<u8>().add(behind_at(system)).cast::<Behind>().as_mut() }
}

unsafe extern "C" fn open(
    _ours: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Some(system) = system() else { return ffi::SQLITE_ERROR };
    // SAFETY: the arguments are SQLite's, handed on to the door that they are made for; `file` has room for both parts.
    unsafe {
        let Some(open) = (*system).xOpen else { return ffi::SQLITE_ERROR };
        let code = open(system, name, file, flags, out);
        if code == ffi::SQLITE_OK && flags & ffi::SQLITE_OPEN_MAIN_DB != 0 && !(*file).pMethods.is_null() {
            let methods = (*file).pMethods;
            file.cast::<u8>().add(behind_at(system)).cast::<Behind>().write(Behind { methods, page: 0 });
            (*file).pMethods = table(methods);
        }
        code
    }
}

/// The system's methods with ours in three places.
///
/// # Safety
/// `methods` must be a living table.
unsafe fn table(methods: *const ffi::sqlite3_io_methods) -> *const ffi::sqlite3_io_methods {
    let mut known = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, ours)) = known.iter().find(|(of, _)| *of == Methods(methods)) {
        return ours.0;
    }
    // SAFETY: by the caller; a table is plain functions.
    let mut ours = unsafe { std::ptr::read(methods) };
    ours.iVersion = ours.iVersion.min(2); // without the methods for mapped memory, which would pass us by
    ours.xRead = Some(read);
    ours.xWrite = Some(write);
    ours.xDeviceCharacteristics = Some(characteristics);
    let ours: *const ffi::sqlite3_io_methods = Box::leak(Box::new(ours));
    known.push((Methods(methods), Methods(ours)));
    ours
}

/// Page size and page number, when exactly one page is meant.
fn one_page(behind: &Behind, amount: c_int, offset: i64) -> Option<(usize, u32)> {
    let (amount, offset) = (usize::try_from(amount).ok()?, usize::try_from(offset).ok()?);
    let whole = behind.page != 0 && amount == behind.page && offset.is_multiple_of(amount);
    whole.then(|| u32::try_from(offset / amount + 1).ok().map(|number| (amount, number)))?
}

/// Learns from the head of the file whether its pages carry sums.
fn learn(behind: &mut Behind, first: &[u8], offset: i64) {
    if offset == 0 && first.len() >= 100 {
        behind.page = match sums::header(first) {
            Some((size, true)) => size,
            _ => 0,
        };
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: `file` came from `open`; `into` has room for `amount` bytes, which the system's method has filled when it says so.
    unsafe {
        let Some(behind) = behind(file) else { return ffi::SQLITE_IOERR_READ };
        let Some(read) = (*behind.methods).xRead else { return ffi::SQLITE_IOERR_READ };
        let code = read(file, into, amount, offset);
        if code != ffi::SQLITE_OK {
            return code;
        }
        let bytes = std::slice::from_raw_parts(into.cast::<u8>(), usize::try_from(amount).unwrap_or_default());
        learn(behind, bytes, offset);
        match one_page(behind, amount, offset) {
            Some((_, number)) if !sums::sound(number, bytes) => ffi::SQLITE_IOERR_DATA,
            _ => ffi::SQLITE_OK,
        }
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: `file` came from `open`; `from` holds `amount` bytes. They are SQLite's own, so the sum goes into a copy.
    unsafe {
        let Some(behind) = behind(file) else { return ffi::SQLITE_IOERR_WRITE };
        let Some(write) = (*behind.methods).xWrite else { return ffi::SQLITE_IOERR_WRITE };
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or_default());
        learn(behind, bytes, offset);
        let Some((size, number)) = one_page(behind, amount, offset) else {
            return write(file, from, amount, offset);
        };
        PAGE.with_borrow_mut(|page| {
            page.clear();
            page.extend_from_slice(&bytes[..size - sums::BYTES]);
            page.extend_from_slice(&sums::of(number, &bytes[..size - sums::BYTES]));
            write(file, page.as_ptr().cast::<c_void>(), amount, offset)
        })
    }
}

/// Parts of pages are not read by themselves: their sum could not be compared.
unsafe extern "C" fn characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `file` came from `open`.
    unsafe {
        let of = behind(file).and_then(|behind| (*behind.methods).xDeviceCharacteristics);
        of.map_or(0, |of| of(file)) & !ffi::SQLITE_IOCAP_SUBPAGE_READ
    }
}
