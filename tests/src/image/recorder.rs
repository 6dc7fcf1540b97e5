//! An ext4 made as the card's data partition is, mounted on this machine, whose every write and flush is recorded by QEMU's blklogwrites.
//!
//! Must never: leave anything mounted, or keep a program of its own running.

use crate::process::Trouble;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A volume, and the record of what is written to it. Dropped, it goes; the record stays.
pub struct Recorder {
    folder: PathBuf,
    daemon: Child,
    device: Option<String>,
}

fn command(name: &str, args: &[&str]) -> Result<String, Trouble> {
    let out = Command::new(name).args(args).output().map_err(|e| format!("{name}: {e}"))?;
    if !out.status.success() {
        return Err(format!("{name} {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr).trim()).into());
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

fn text(path: &Path) -> Result<String, Trouble> {
    Ok(path.to_str().ok_or("a path that is no text")?.to_owned())
}

impl Recorder {
    /// Makes and mounts one of so many MiB. What stands on it before the first recorded write is kept beside it.
    ///
    /// # Errors
    /// When this process may not mount, or QEMU's storage daemon is not there.
    pub fn start(folder: &Path, mib: u64) -> Result<Self, Trouble> {
        std::fs::create_dir_all(folder.join("at"))?;
        let (raw, before) = (text(&folder.join("run.img"))?, text(&folder.join("before.img"))?);
        std::fs::File::create(&raw)?.set_len(mib << 20)?;
        // As deploy/image/build makes it.
        let kind =
            ["-q", "-t", "ext4", "-b", "4096", "-i", "262144", "-m", "1", "-J", "size=8", "-E", "lazy_itable_init=0"];
        command("mke2fs", &[kind.as_slice(), &[raw.as_str()]].concat())?;
        command("cp", &["--sparse=always", &raw, &before])?;
        let (log, door) = (text(&folder.join("writes.log"))?, text(&folder.join("card"))?);
        std::fs::File::create(&log)?;
        std::fs::File::create(&door)?;
        let disk = format!(
            "driver=blklogwrites,node-name=card,log-sector-size=512,file.driver=raw,file.file.driver=file,\
             file.file.filename={raw},log.driver=file,log.filename={log}"
        );
        let export = format!("type=fuse,id=card,node-name=card,mountpoint={door},writable=on");
        let daemon = Command::new("qemu-storage-daemon")
            .args(["--blockdev", &disk, "--export", &export])
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| format!("qemu-storage-daemon: {e}"))?;
        let mut recorder = Self { folder: folder.to_owned(), daemon, device: None };
        let begun = Instant::now();
        while std::fs::metadata(&door)?.len() != mib << 20 {
            if recorder.daemon.try_wait()?.is_some() || begun.elapsed() > Duration::from_secs(60) {
                return Err("qemu-storage-daemon does not show the volume".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let device = command("losetup", &["--find", "--show", &door])?;
        recorder.device = Some(device.clone());
        command("mount", &["-t", "ext4", "-o", "noatime", &device, &text(&recorder.at())?])?;
        Ok(recorder)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn at(&self) -> PathBuf {
        self.folder.join("at")
    }

    /// The record.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("writes.log")
    }

    /// What stood on it before the first write of the record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn before(&self) -> Result<Vec<u8>, Trouble> {
        Ok(std::fs::read(self.folder.join("before.img"))?)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Nothing more can be done for a test that has ended.
        let _ = command("umount", &[&self.at().to_string_lossy()]);
        if let Some(device) = &self.device {
            let _ = command("losetup", &["--detach", device]);
        }
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = command("umount", &["--lazy", &self.folder.join("card").to_string_lossy()]);
    }
}
