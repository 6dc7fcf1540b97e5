//! A screen that can be looked at from outside: an X server whose picture lies in a file, and a finger.
//!
//! Must never: ask the program under test what it shows.

use crate::process::{PATIENCE, Trouble};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// The kiosk's own size.
pub const WIDTH: u32 = 800;
/// The kiosk's own size.
pub const HEIGHT: u32 = 480;
/// Between two looks at the picture.
const LOOK: Duration = Duration::from_micros(200);
/// X11's key codes of 1 … 9, 0 and Enter, on every keyboard that an X server makes up.
const KEY_1: u8 = 10;
const KEY_0: u8 = 19;
const KEY_ENTER: u8 = 36;

/// The screen.
pub struct Screen {
    server: Child,
    /// As `:42`, for `DISPLAY`.
    pub display: String,
    picture: File,
    offset: u64,
    line: u64,
    finger: RustConnection,
    root: u32,
}

impl Screen {
    /// Switches one on.
    ///
    /// # Errors
    /// When Xvfb is not there, or does not start.
    pub fn on(folder: &Path) -> Result<Self, Trouble> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
            .arg(format!("{WIDTH}x{HEIGHT}x24"))
            .arg("-fbdir")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("Xvfb: {e}"))?;
        let mut number = String::new();
        BufReader::new(server.stdout.take().ok_or("no output of Xvfb")?).read_line(&mut number)?;
        let display = format!(":{}", number.trim());
        let (finger, screen) = RustConnection::connect(Some(&display))?;
        finger.xtest_get_version(2, 2)?.reply()?;
        let root = finger.setup().roots[screen].root;
        // The X Window Dump format: numbers of 32 bits, most significant byte first; then colours, then the picture.
        let picture = File::open(folder.join("Xvfb_screen0"))?;
        let number = |at: u64| -> Result<u64, Trouble> {
            let mut bytes = [0; 4];
            picture.read_exact_at(&mut bytes, at * 4)?;
            Ok(u64::from(u32::from_be_bytes(bytes)))
        };
        let (header, bits, line, colours) = (number(0)?, number(11)?, number(12)?, number(19)?);
        if bits != 32 {
            return Err(format!("Xvfb draws {bits} bits a pixel").into());
        }
        Ok(Self { server, display, offset: header + colours * 12, line, finger, root, picture })
    }

    /// One pixel, without its unused byte.
    ///
    /// # Errors
    /// When the picture cannot be read.
    pub fn pixel(&self, x: u32, y: u32) -> Result<u32, Trouble> {
        let mut bytes = [0; 4];
        self.picture.read_exact_at(&mut bytes, self.offset + u64::from(y) * self.line + u64::from(x) * 4)?;
        Ok(u32::from_le_bytes(bytes) & 0x00ff_ffff)
    }

    /// Whether a page stands there: more than two in a hundred pixels differ from the ground, in sixteen colours or more
    /// (letters have soft edges). An empty window does not count, nor a plain ground.
    ///
    /// # Errors
    /// When the picture cannot be read.
    pub fn painted(&self) -> Result<bool, Trouble> {
        let mut counts: std::collections::HashMap<u32, u32> = std::collections::HashMap::new();
        let mut row = vec![0; WIDTH as usize * 4];
        let mut looked = 0;
        for y in (0..HEIGHT).step_by(3) {
            self.picture.read_exact_at(&mut row, self.offset + u64::from(y) * self.line)?;
            for pixel in row.chunks_exact(8) {
                let colour = u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]);
                *counts.entry(colour).or_default() += 1;
                looked += 1;
            }
        }
        let ground = counts.values().max().copied().unwrap_or(0);
        Ok(counts.len() >= 16 && (looked - ground) * 50 > looked)
    }

    /// Waits until a page stands there; the time when it was first seen.
    ///
    /// # Errors
    /// When none comes.
    pub fn until_painted(&self) -> Result<Instant, Trouble> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.painted()? {
                return Ok(Instant::now());
            }
            std::thread::sleep(LOOK * 5);
        }
        Err("nothing was painted".into())
    }

    /// Waits until nothing stands there: the window of the program before has gone.
    ///
    /// # Errors
    /// When it stays.
    pub fn until_blank(&self) -> Result<(), Trouble> {
        let begun = Instant::now();
        while self.painted()? {
            if begun.elapsed() > PATIENCE {
                return Err("a window has stayed".into());
            }
            std::thread::sleep(LOOK * 50);
        }
        Ok(())
    }

    /// Gives the keyboard to the window that was opened last: there is no window manager to do it.
    ///
    /// # Errors
    /// When there is no window.
    pub fn focus(&self) -> Result<(), Trouble> {
        let windows = self.finger.query_tree(self.root)?.reply()?.children;
        for window in windows.into_iter().rev() {
            let state = self.finger.get_window_attributes(window)?.reply()?.map_state;
            if u8::from(state) == 2 {
                self.finger.set_input_focus(InputFocus::PARENT, window, 0_u32)?.check()?;
                return Ok(());
            }
        }
        Err("no window to type into".into())
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), Trouble> {
        self.finger.xtest_fake_input(kind, detail, 0, self.root, x, y, 0)?;
        Ok(())
    }

    /// Types digits and Enter, as a card reader does.
    ///
    /// # Errors
    /// When the X server is gone.
    pub fn type_card(&self, digits: &str) -> Result<(), Trouble> {
        let keys = digits.bytes().filter(u8::is_ascii_digit).map(|d| if d == b'0' { KEY_0 } else { KEY_1 + d - b'1' });
        for key in keys.chain([KEY_ENTER]) {
            self.fake(KEY_PRESS_EVENT, key, 0, 0)?;
            self.fake(KEY_RELEASE_EVENT, key, 0, 0)?;
        }
        self.finger.flush()?;
        Ok(())
    }

    /// Touches a place and lets go.
    ///
    /// # Errors
    /// When the X server is gone.
    pub fn tap(&self, x: u32, y: u32) -> Result<Instant, Trouble> {
        let (x, y) = (i16::try_from(x)?, i16::try_from(y)?);
        let at = Instant::now();
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)?;
        self.fake(BUTTON_PRESS_EVENT, 1, x, y)?;
        self.fake(BUTTON_RELEASE_EVENT, 1, x, y)?;
        self.finger.flush()?;
        Ok(at)
    }

    /// Taps at one place and watches the pixel at another until it has changed and then kept its colour for `quiet`, and
    /// `also` holds; how long it took until that pixel had the colour that it has in the end. None: it did not change,
    /// however long it was waited for. `also` is asked at each look.
    ///
    /// # Errors
    /// When the picture cannot be read.
    pub fn tap_and_watch(
        &self,
        (x, y): (u32, u32),
        (at_x, at_y): (u32, u32),
        quiet: Duration,
        mut also: impl FnMut(Instant) -> bool,
    ) -> Result<Option<Duration>, Trouble> {
        let before = self.pixel(at_x, at_y)?;
        let begun = self.tap(x, y)?;
        let mut seen = vec![(begun, before)];
        loop {
            let now = self.pixel(at_x, at_y)?;
            if seen.last().is_none_or(|(_, last)| *last != now) {
                seen.push((Instant::now(), now));
            }
            let rests = seen.len() > 1 && seen.last().is_some_and(|(at, _)| at.elapsed() > quiet);
            if (also(begun) && rests) || begun.elapsed() > PATIENCE {
                break;
            }
            std::thread::sleep(LOOK);
        }
        let last = seen.last().map_or(before, |(_, colour)| *colour);
        // Under the finger it may be darker for a moment: only the colour that stays is the new mark.
        Ok(seen.iter().skip(1).find(|(_, c)| *c == last && last != before).map(|(at, _)| at.duration_since(begun)))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
