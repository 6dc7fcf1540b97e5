//! Every screen as a picture, beside the pictures that were looked at and found good: each at 800×480 and 720×1280 as it
//! usually looks, and each once more in one of the other looks and sizes, so that every look meets every size.
//!
//! Pictures that differ are written to `<target>/shots`. When a change is meant, look at them, then take them over:
//! `ROLLBOOK_SHOTS=take cargo test -p rollbook-kiosk --features ui-tests --test shots`.
//! `ROLLBOOK_SHOTS=all` (`make shots`) writes every screen in every look and size, and a sheet of each look.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;
mod picture;
mod scenes;

use kiosk::core::{Look, Screen};
use kiosk::ui::KioskWindow;
use picture::{Sheet, difference, keep, read, write};
use shared::wire::v1::Palette;
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, PlatformError, WindowAdapter};
use slint::{ComponentHandle, PhysicalSize, Rgba8Pixel, SharedPixelBuffer};
use std::path::{Path, PathBuf};
use std::rc::Rc;

struct Screenless(Rc<MinimalSoftwareWindow>);

impl Platform for Screenless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.0.clone())
    }
}

const SIZES: [(&str, u32, u32); 3] = [("wide", 800, 480), ("tall", 720, 1280), ("desk", 1280, 800)];
const LOOKS: [(&str, Look); 6] = [
    ("light", Look { palette: Palette::Light, large: false }),
    ("dark", Look { palette: Palette::Dark, large: false }),
    ("contrast", Look { palette: Palette::Contrast, large: false }),
    ("light-large", Look { palette: Palette::Light, large: true }),
    ("dark-large", Look { palette: Palette::Dark, large: true }),
    ("contrast-large", Look { palette: Palette::Contrast, large: true }),
];

/// Whether a picture of this screen in this look and size is kept: the usual look in the two sizes of the small panels,
/// and one of the others in turn.
fn is_kept(screen: usize, look: usize, size: usize) -> bool {
    let usual = look == 0 && size < 2;
    let others: Vec<_> = (0..LOOKS.len())
        .flat_map(|l| (0..SIZES.len()).map(move |s| (l, s)))
        .filter(|(l, s)| *l > 0 || *s > 1)
        .collect();
    usual || others[screen % others.len()] == (look, size)
}

fn file(name: &str, look: usize, size: usize) -> String {
    let look = if look == 0 { String::new() } else { format!("_{}", LOOKS[look].0) };
    format!("{name}_{}{look}.png", SIZES[size].0)
}

struct Studio {
    adapter: Rc<MinimalSoftwareWindow>,
    window: KioskWindow,
    shown: Rc<kiosk::ui::Shown>,
}

impl Studio {
    fn shoot(&self, screen: &Screen, look: usize, size: usize) -> SharedPixelBuffer<Rgba8Pixel> {
        let (_, width, height) = SIZES[size];
        self.adapter.set_size(PhysicalSize::new(width, height));
        kiosk::ui::dress(&self.window, LOOKS[look].1);
        self.shown.show(&self.window, screen);
        slint::platform::update_timers_and_animations();
        self.window.window().take_snapshot().unwrap()
    }
}

#[test]
fn every_screen_looks_as_it_was_found_good() {
    let adapter = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
    slint::platform::set_platform(Box::new(Screenless(adapter.clone()))).unwrap();
    let (window, shown) = kiosk::ui::window(|_| {}).unwrap();
    window.show().unwrap();
    let studio = Studio { adapter, window, shown };

    let golden_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shots");
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("shots");
    std::fs::create_dir_all(&out).unwrap();
    let mode = std::env::var("ROLLBOOK_SHOTS").unwrap_or_default();
    let only = std::env::var("ROLLBOOK_SHOTS_ONLY").unwrap_or_default();
    let scenes = scenes::all();
    let wanted = || scenes.iter().filter(|(_, name, _)| name.starts_with(&only));

    if mode == "all" {
        for (l, (look, _)) in LOOKS.iter().enumerate() {
            let mut sheet = Sheet::new();
            for (i, (_, name, desk)) in wanted().enumerate() {
                for s in 0..SIZES.len() {
                    let picture = studio.shoot(&desk.view(), l, s);
                    write(&out.join(file(name, l, s)), &picture);
                    sheet.add(&picture);
                }
                if i % 2 == 1 {
                    sheet.row();
                }
            }
            write(&out.join(format!("sheet_{look}.png")), &sheet.picture());
        }
        return;
    }

    for (l, s) in (0..LOOKS.len()).flat_map(|l| (0..SIZES.len()).map(move |s| (l, s))) {
        assert!(
            scenes.iter().any(|(i, ..)| is_kept(*i, l, s)),
            "no picture is kept of {} at {}",
            LOOKS[l].0,
            SIZES[s].0
        );
    }
    let mut wrong = Vec::new();
    for (i, name, desk) in wanted() {
        for (l, s) in (0..LOOKS.len()).flat_map(|l| (0..SIZES.len()).map(move |s| (l, s))) {
            if !is_kept(*i, l, s) {
                continue;
            }
            let picture = studio.shoot(&desk.view(), l, s);
            let file = file(name, l, s);
            if mode == "take" {
                keep(&golden_dir.join(&file), &picture);
            }
            match read(&golden_dir.join(&file)) {
                None => {
                    write(&out.join(&file), &picture);
                    wrong.push(format!("{file}: there is no picture to compare with"));
                }
                Some(golden) => {
                    let share = difference(&picture, &golden);
                    // The bar under a confirmation runs with the time that drawing takes.
                    let allowed = if name.starts_with("done_") { 0.006 } else { 0.002 };
                    if share > allowed {
                        write(&out.join(&file), &picture);
                        wrong.push(format!("{file}: {:.2} % of the pixels differ", share * 100.0));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\nWhat was drawn is in {}", wrong.join("\n"), out.display());
}
