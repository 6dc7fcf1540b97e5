//! One emulated machine with a card in it: started, looked at, touched, cut off.
//!
//! Must never: write to the image it was given: each machine has a layer of its own over it.

use super::qmp::{Qmp, connect};
use crate::process::Trouble;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How the shell on the serial line says that it is there.
const PROMPT: &str = ":/# ";

/// Width and height of the screen: those of the small panel.
pub const SCREEN: (f64, f64) = (800.0, 480.0);

/// Which machine is emulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Board {
    /// QEMU's own: a disk, a screen, a touch panel and a network, all virtio, and a chip with pins.
    Virt,
    /// A Raspberry Pi 3 B as far as QEMU has one: the Pi's own device tree, its card slot, a USB pointer; no network, no pins.
    Pi3,
}

/// A machine.
pub struct Machine {
    child: Child,
    /// Its screen, finger and cables.
    pub qmp: Qmp,
    board: Board,
    shell: UnixStream,
    /// What the serial line says, read as it comes: 300 bytes that nobody reads would stop it, and with it the kernel that prints.
    serial: Receiver<Vec<u8>>,
    heard: String,
    prompted: bool,
    folder: PathBuf,
    asked: u32,
}

/// What a machine is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where its sockets and logs lie.
    pub folder: PathBuf,
    /// What it is.
    pub board: Board,
    /// The card: qcow2, or raw with `log`.
    pub card: PathBuf,
    /// Kernel, first file system and command line, as they stand on the card.
    pub boot: (PathBuf, PathBuf, String),
    /// The clock at its start, as `2026-11-23T08:40:00`.
    pub clock: String,
    /// A file that gets every write to the card, in order, with its flushes.
    pub log: Option<PathBuf>,
}

impl Machine {
    /// Switches it on.
    ///
    /// # Errors
    /// When QEMU does not start.
    pub fn start(parts: &Parts) -> Result<Self, Trouble> {
        let at = |name: &str| parts.folder.join(name);
        for old in ["qmp.sock", "serial.sock", "qtest.sock"] {
            let _ = std::fs::remove_file(at(old)); // of the machine before
        }
        let (kernel, initrd, words) = &parts.boot;
        let socket = |name: &str| format!("unix:{},server=on,wait=off", at(name).display());
        let mut command = Command::new("qemu-system-aarch64");
        command.args(["-accel", "tcg,thread=multi", "-display", "none", "-monitor", "none"]);
        command.arg("-kernel").arg(kernel).arg("-initrd").arg(initrd).args(["-append", words]);
        command.args(["-qmp", &socket("qmp.sock"), "-qtest", &socket("qtest.sock"), "-qtest-log", "/dev/null"]);
        let (shell, log) = (at("serial.sock"), at("serial.log"));
        let serial = format!("socket,id=s,path={},server=on,wait=off,logfile={}", shell.display(), log.display());
        command.args(["-chardev", &serial]);
        match parts.board {
            Board::Virt => virt(&mut command, parts)?,
            Board::Pi3 => pi3(&mut command, parts),
        }
        let err = std::fs::File::create(at("qemu.log"))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(err).spawn()?;
        let said = |trouble: Trouble| -> Trouble {
            let log = std::fs::read_to_string(at("qemu.log")).unwrap_or_default();
            format!("the machine does not start: {trouble}\n{log}").into()
        };
        let qmp = Qmp::open(&at("qmp.sock")).map_err(said)?;
        let shell = connect(&at("serial.sock"))?;
        let serial = listen(shell.try_clone()?)?;
        let folder = parts.folder.clone();
        let (heard, prompted) = (String::new(), false);
        Ok(Self { child, qmp, board: parts.board, shell, serial, heard, prompted, folder, asked: 0 })
    }

    /// Where its pins are reached.
    #[must_use]
    pub fn pins(&self) -> PathBuf {
        self.folder.join("qtest.sock")
    }

    /// Touches the screen at a place of the 800 × 480 picture.
    ///
    /// # Errors
    /// What the machine says.
    pub fn tap(&mut self, (x, y): (f64, f64)) -> Result<(), Trouble> {
        let (x, y) = (x / SCREEN.0, y / SCREEN.1);
        match self.board {
            Board::Virt => self.qmp.touch(x, y),
            Board::Pi3 => self.qmp.click(x, y),
        }
    }

    /// Pulls the network cable out, or puts it back.
    ///
    /// # Errors
    /// What the machine says.
    pub fn cable(&mut self, up: bool) -> Result<(), Trouble> {
        self.qmp.ask("set_link", json!({ "name": "cable", "up": up }))?;
        Ok(())
    }

    /// Runs a command in the shell on the serial line (there for this test alone, by the kernel's command line), and
    /// answers what it printed.
    ///
    /// # Errors
    /// When the shell does not answer in time.
    pub fn shell(&mut self, command: &str, patience: Duration) -> Result<String, Trouble> {
        self.asked += 1;
        let (begin, end) = (format!("<{}<", self.asked), format!(">{}>", self.asked));
        let begun = Instant::now();
        let mut said: Option<Instant> = None;
        loop {
            match self.serial.recv_timeout(Duration::from_millis(200)) {
                Ok(bytes) => self.heard.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err("the machine has ended".into()),
            }
            // What is typed before the shell stands there is taken by others, and then it never answers.
            self.prompted |= self.heard.contains(PROMPT);
            // A line that fell into the kernel's words is lost, and so may be its end: it is typed again, later where it runs.
            let again = Duration::from_secs(if self.heard.contains(&begin) { 120 } else { 20 });
            if self.prompted && said.is_none_or(|at| at.elapsed() > again) {
                let n = self.asked;
                writeln!(self.shell, "\necho '<'{n}'<'; {command}; echo '>'{n}'>'")?;
                said = Some(Instant::now());
            }
            if let Some((_, after)) = self.heard.split_once(&begin)
                && let Some((answer, _)) = after.split_once(&end)
            {
                let answer = answer.replace('\r', "").trim().to_owned();
                self.heard.clear();
                return Ok(answer);
            }
            if begun.elapsed() > patience {
                return Err(format!("the machine's shell does not answer `{command}`").into());
            }
        }
    }

    /// Cuts its power.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn cut(mut self) -> Result<(), Trouble> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill(); // one that was cut is gone already
        let _ = self.child.wait();
    }
}

/// Reads a line until it ends, in a thread of its own.
fn listen(mut line: UnixStream) -> Result<Receiver<Vec<u8>>, Trouble> {
    line.set_read_timeout(None)?;
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(n @ 1..) = line.read(&mut bytes) {
            if tell.send(bytes[..n].to_vec()).is_err() {
                break; // nobody asks any more
            }
        }
    });
    Ok(told)
}

/// The parts of QEMU's own machine.
fn virt(command: &mut Command, parts: &Parts) -> Result<(), Trouble> {
    let card = parts.card.display();
    let disk = match &parts.log {
        None => format!("driver=qcow2,node-name=card,file.driver=file,file.filename={card}"),
        Some(log) => {
            std::fs::File::create(log)?;
            format!(
                "driver=blklogwrites,node-name=card,log-sector-size=512,file.driver=raw,file.file.driver=file,\
                 file.file.filename={card},log.driver=file,log.filename={}",
                log.display()
            )
        }
    };
    command.args(["-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024", "-serial", "chardev:s"]);
    command.args(["-blockdev", &disk, "-device", "virtio-blk-pci,drive=card,write-cache=on"]);
    command.args(["-device", "virtio-gpu-pci,xres=800,yres=480", "-device", "virtio-multitouch-pci"]);
    command.args(["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=cable,romfile="]);
    // What somebody may plug in: a keyboard (0627:0001) and a stick.
    let stick = parts.folder.join("stick.img");
    std::fs::File::create(&stick)?.set_len(8 << 20)?;
    command.args(["-device", "qemu-xhci", "-device", "usb-kbd", "-device", "usb-storage,drive=stick"]);
    command
        .args(["-blockdev", &format!("driver=raw,node-name=stick,file.driver=file,file.filename={}", stick.display())]);
    command.args(["-rtc", &format!("base={}", parts.clock)]);
    Ok(())
}

/// The parts of a Raspberry Pi 3. It has no clock, and its first serial line is the radio's.
fn pi3(command: &mut Command, parts: &Parts) {
    command.args(["-M", "raspi3b", "-serial", "null", "-serial", "chardev:s"]);
    command.arg("-dtb").arg(parts.folder.join(super::pi3::TREE));
    command.args(["-drive", &format!("file={},if=sd,format=qcow2", parts.card.display())]);
    for (name, value) in [("xres", 800), ("yres", 480), ("bpp", 32), ("pixo", 0)] {
        command.args(["-global", &format!("bcm2835-fb.{name}={value}")]);
    }
    command.args(["-device", "usb-tablet"]);
}

/// A layer over an image, for one machine or one after the other.
///
/// # Errors
/// When qemu-img says no.
pub fn layer(image: &Path, over: &Path, mib: u32) -> Result<(), Trouble> {
    let image = image.canonicalize()?;
    let done = Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
        .arg(image)
        .arg(over)
        .arg(format!("{mib}M"))
        .status()?;
    if done.success() { Ok(()) } else { Err("qemu-img made no layer".into()) }
}
