//! A small volume of its own for a test: a tmpfs that can be full, or an ext4 that its kernel makes read-only, as it does
//! with a card that fails.
//!
//! Must never: leave anything mounted, or let a test pass in silence where it may not mount.

use crate::process::Trouble;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted volume. Dropped, it goes.
#[derive(Debug)]
pub struct Volume {
    at: PathBuf,
    /// The loop device of an ext4, and the file behind it.
    device: Option<(String, PathBuf)>,
}

fn command(name: &str, args: &[&str]) -> Result<String, Trouble> {
    let out = Command::new(name).args(args).output().map_err(|e| format!("{name}: {e}"))?;
    if !out.status.success() {
        return Err(format!("{name} {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr).trim()).into());
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// Says what is not tested here and why. Where tests decide over a change (`CI` is set) that is a failure.
///
/// # Panics
/// Under `CI`.
pub fn skipped(what: &str, why: &Trouble) {
    assert!(std::env::var_os("CI").is_none(), "{what}: {why}");
    // Past the test's captured output: whoever looks at a green run must see it.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}: {why}. Run the tests as root to have it.");
}

impl Volume {
    /// A tmpfs of so many KiB.
    ///
    /// # Errors
    /// When this process may not mount.
    pub fn tmpfs(at: &Path, kib: u32) -> Result<Self, Trouble> {
        std::fs::create_dir_all(at)?;
        command("mount", &["-t", "tmpfs", "-o", &format!("size={kib}k,mode=700"), "tmpfs", &text(at)?])?;
        Ok(Self { at: at.to_owned(), device: None })
    }

    /// An ext4 of so many MiB, in a file beside the folder, which becomes read-only at its first error.
    ///
    /// # Errors
    /// When this process may not mount.
    pub fn ext4(at: &Path, mib: u64) -> Result<Self, Trouble> {
        std::fs::create_dir_all(at)?;
        let image = at.with_extension("ext4");
        std::fs::File::create(&image)?.set_len(mib << 20)?;
        command("mkfs.ext4", &["-q", "-F", "-m", "0", &text(&image)?])?;
        let device = command("losetup", &["--find", "--show", &text(&image)?])?;
        let mut volume = Self { at: at.to_owned(), device: Some((device, image)) };
        volume.mount()?;
        Ok(volume)
    }

    fn mount(&mut self) -> Result<(), Trouble> {
        let Some((device, _)) = &self.device else { return Ok(()) };
        command("mount", &["-t", "ext4", "-o", "errors=remount-ro", device, &text(&self.at)?])?;
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn at(&self) -> &Path {
        &self.at
    }

    /// Takes all the room that is left.
    ///
    /// # Errors
    /// What the system says, other than that the room is taken.
    pub fn fill(&self) -> Result<(), Trouble> {
        let mut filler = std::fs::OpenOptions::new().create(true).append(true).open(self.at.join("filler"))?;
        for size in [65_536, 4_096, 512] {
            let part = vec![0x5a_u8; size];
            loop {
                match filler.write_all(&part) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// What the system says.
    pub fn make_room(&self) -> Result<(), Trouble> {
        Ok(std::fs::remove_file(self.at.join("filler"))?)
    }

    /// The card fails: its kernel makes it read-only under whoever has files open.
    ///
    /// # Errors
    /// When this kernel cannot be told so.
    pub fn fail(&self) -> Result<(), Trouble> {
        let (device, _) = self.device.as_ref().ok_or("only an ext4 fails")?;
        let name = device.rsplit('/').next().unwrap_or_default();
        Ok(std::fs::write(format!("/sys/fs/ext4/{name}/trigger_fs_error"), "1")?)
    }

    /// Somebody pulls the card out, checks it, and puts it in again. Nobody may have a file open on it.
    ///
    /// # Errors
    /// What the system says.
    pub fn pull_and_mend(&mut self) -> Result<(), Trouble> {
        command("umount", &[&text(&self.at)?])?;
        if let Some((device, _)) = &self.device {
            // It answers 1 where it mended something.
            let checked = Command::new("e2fsck").args(["-f", "-y", device]).output()?;
            if checked.status.code().is_none_or(|code| code > 1) {
                return Err(format!("e2fsck: {}", String::from_utf8_lossy(&checked.stdout)).into());
            }
        }
        self.mount()
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let at = self.at.to_string_lossy().into_owned();
        let _ = command("umount", &["--lazy", &at]); // nothing more can be done for a test that has ended
        if let Some((device, image)) = &self.device {
            let _ = command("losetup", &["--detach", device]);
            let _ = std::fs::remove_file(image);
        }
    }
}

fn text(path: &Path) -> Result<String, Trouble> {
    Ok(path.to_str().ok_or("a path that is no text")?.to_owned())
}
