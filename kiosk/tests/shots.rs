//! Every screen as a picture, at 800×480 and 720×1280, beside the pictures that were looked at and found good.
//!
//! Pictures that differ are written to `<target>/shots`. When a change is meant, look at them, then take them over:
//! `ROLLBOOK_SHOTS=take cargo test -p rollbook-kiosk --features ui-tests --test shots`.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;

use fixture::*;
use kiosk::core::{Msg, Screen, SyncStatus};
use kiosk::ui::KioskWindow;
use shared::time::{Interval, Millis};
use shared::wire::v1::{Expected, Fault, Mode, Seen};
use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, PlatformError, WindowAdapter};
use slint::{ComponentHandle, PhysicalSize, Rgba8Pixel, SharedPixelBuffer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

struct Screenless(Rc<MinimalSoftwareWindow>);

impl Platform for Screenless {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(self.0.clone())
    }
}

const SIZES: [(&str, u32, u32); 2] = [("wide", 800, 480), ("tall", 720, 1280)];

fn offline(d: &mut Desk, waiting: u64) {
    let since = Some(at("08:41"));
    d.hear(Msg::Sync(SyncStatus { waiting, acked: 0, offline_since: since, connected: false }));
}

/// The register of the sketch: most present, some absent, one late, one expected absent, five blank.
fn half_taken() -> Desk {
    let mut d = Desk::signed_on("08:52:10");
    d.hear(expected_row(named("Grace"), am(), Expected::Absent));
    d.hear(expected_row(named("Jamal"), am(), Expected::Elsewhere));
    let blank = ["Sofia", "Theo", "Tomasz", "Willow", "Zara", "Grace", "Jamal", "Kian"];
    for (i, (first, _)) in NAMES.iter().enumerate() {
        if !blank.contains(first) {
            d.tap(pupil(i));
        }
        if ["Ben", "Noah"].contains(first) {
            d.tap(pupil(i));
        }
    }
    d.now = at("08:55:50");
    d.saving = false;
    d.tap(named("Ruby"));
    d.send(Msg::Undo);
    d.hear(Msg::Sync(SyncStatus { waiting: 29, acked: 0, offline_since: None, connected: true }));
    d.hear(mark_row(named("Kian"), am(), Seen::Late, Some(12)));
    d
}

fn full() -> Desk {
    let mut d = half_taken();
    d.saving = true;
    d.save();
    d.send(Msg::MarkRestPresent);
    d
}

fn screens() -> Vec<(&'static str, Desk)> {
    let mut all = Vec::new();
    let mut add = |name, desk| all.push((name, desk));

    let mut d = Desk::classroom("08:46");
    d.hear(Msg::Enrolling {
        code: Some(shared::text::Text::new("K7QX-4M2P").unwrap()),
        check_word: Some(name("harbour-lantern")),
        trouble: None,
    });
    add("enrol", d);

    add("sign_on", Desk::classroom("08:46"));
    let mut d = Desk::classroom("08:46");
    d.send(Msg::PickStaff { staff: staff(1) });
    d.send(Msg::PinDigit { digit: 2 });
    d.send(Msg::PinDigit { digit: 4 });
    add("pin", d);
    let mut d = Desk::classroom("08:46");
    d.send(Msg::PickStaff { staff: staff(1) });
    for _ in 0..3 {
        for _ in 0..4 {
            d.send(Msg::PinDigit { digit: 1 });
        }
        d.send(Msg::PinEnter);
    }
    add("pin_wrong", d);

    let mut d = Desk::classroom("08:55");
    d.trusted = false;
    d.open = Some(Interval { earliest: on(date("2026-11-20"), "15:00"), latest: Millis(i64::MAX), estimate: None });
    offline(&mut d, 2);
    d.sign_on();
    add("choose", d);

    add("register_half", half_taken());
    add("register_full", full());
    let mut d = half_taken();
    d.send(Msg::Submit);
    offline(&mut d, 29);
    add("register_refused", d);
    let mut d = half_taken();
    d.send(Msg::Tap { pupil: named("Zara") });
    d.now = d.now.plus(200_000);
    d.tap(named("Ben"));
    add("register_ask", d);
    let mut d = Desk::signed_on("13:05");
    d.send(Msg::MarkRestPresent);
    d.hear(Msg::Faults { faults: vec![Fault::NoReader] });
    add("register_pm", d);
    let mut d = full();
    d.send(Msg::Submit);
    add("submitted", d);

    add("idle", Desk::reception("09:07"));
    let mut d = Desk::reception("08:30");
    offline(&mut d, 3);
    add("idle_early", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::InOrOut);
    add("find_way", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    add("find_class", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    add("find_name", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    d.send(Msg::PickPupil { pupil: named("Kian") });
    add("confirm", d);
    let mut d = Desk::reception("09:07");
    d.send(Msg::PickYear { year: name("Year 3") });
    d.send(Msg::PickClass { class: class(1) });
    d.send(Msg::PickPupil { pupil: named("Kian") });
    d.send(Msg::Confirm);
    add("reason", d);
    let mut d = Desk::reception("09:07");
    d.send(card(&card_of(18)));
    add("done_late", d);
    let mut d = Desk::reception("08:41");
    d.send(card(&card_of(18)));
    add("done_green", d);
    let mut d = Desk::reception("14:10");
    d.saving = false;
    d.send(Msg::InOrOut);
    d.send(card(&card_of(18)));
    add("done_home", d);
    let mut d = Desk::reception("09:07");
    d.send(card("777"));
    add("message", d);
    let mut d = Desk::new(School::new(Mode::Classroom, &[(1, "3 Willow", "Year 3")]).rows, at("08:30"));
    d.hear(Msg::Revoked);
    add("revoked", d);
    all
}

fn write(path: &Path, picture: &SharedPixelBuffer<Rgba8Pixel>) {
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let rgb: Vec<u8> = picture.as_slice().iter().flat_map(|p| [p.r, p.g, p.b]).collect();
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
}

/// A small copy to keep: at most 256 colours, each within the tolerance of what it stands for.
fn keep(path: &Path, picture: &SharedPixelBuffer<Rgba8Pixel>) {
    let bin = |p: &Rgba8Pixel| [p.r / 17, p.g / 17, p.b / 17];
    let mut colours: BTreeMap<[u8; 3], BTreeMap<[u8; 3], usize>> = BTreeMap::new();
    for p in picture.as_slice() {
        *colours.entry(bin(p)).or_default().entry([p.r, p.g, p.b]).or_default() += 1;
    }
    assert!(colours.len() <= 256, "{}: {} colours", path.display(), colours.len());
    let place: BTreeMap<[u8; 3], u8> = colours.keys().copied().zip(0..=u8::MAX).collect();
    let palette: Vec<u8> =
        colours.values().flat_map(|c| *c.iter().max_by_key(|(_, n)| **n).map(|(rgb, _)| rgb).unwrap()).collect();
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let bytes: Vec<u8> = picture.as_slice().iter().map(|p| place[&bin(p)]).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

fn read(path: &Path) -> Option<(u32, u32, Vec<u8>)> {
    let file = std::io::BufReader::new(std::fs::File::open(path).ok()?);
    let mut decoder = png::Decoder::new(file);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    bytes.truncate(info.buffer_size());
    Some((info.width, info.height, bytes))
}

/// The share of pixels that differ by more than an eye would forgive.
fn difference(picture: &SharedPixelBuffer<Rgba8Pixel>, golden: &(u32, u32, Vec<u8>)) -> f64 {
    if (picture.width(), picture.height()) != (golden.0, golden.1) {
        return 1.0;
    }
    let far = |p: &Rgba8Pixel, g: &[u8]| [p.r, p.g, p.b].iter().zip(g).any(|(a, b)| a.abs_diff(*b) > 24);
    let n = picture.as_slice().iter().zip(golden.2.chunks(3)).filter(|(p, g)| far(p, g)).count();
    n as f64 / picture.as_slice().len() as f64
}

#[test]
fn every_screen_looks_as_it_was_found_good() {
    let adapter = MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer);
    slint::platform::set_platform(Box::new(Screenless(adapter.clone()))).unwrap();
    let (window, shown) = kiosk::ui::window(|_| {}).unwrap();
    window.show().unwrap();

    let golden_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shots");
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("shots");
    std::fs::create_dir_all(&out).unwrap();
    let take = std::env::var("ROLLBOOK_SHOTS").is_ok_and(|v| v == "take");
    let only = std::env::var("ROLLBOOK_SHOTS_ONLY").unwrap_or_default();
    if take {
        std::fs::create_dir_all(&golden_dir).unwrap();
    }

    let mut wrong = Vec::new();
    for (size, width, height) in SIZES {
        adapter.set_size(PhysicalSize::new(width, height));
        for (name, desk) in screens() {
            if !name.starts_with(&only) {
                continue;
            }
            let picture = shoot(&window, &shown, &desk.view());
            let file = format!("{name}_{size}.png");
            if take {
                keep(&golden_dir.join(&file), &picture);
            }
            match read(&golden_dir.join(&file)) {
                None => {
                    write(&out.join(&file), &picture);
                    wrong.push(format!("{file}: there is no picture to compare with"));
                }
                Some(golden) => {
                    let share = difference(&picture, &golden);
                    if share > 0.002 {
                        write(&out.join(&file), &picture);
                        wrong.push(format!("{file}: {:.2} % of the pixels differ", share * 100.0));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\nWhat was drawn is in {}", wrong.join("\n"), out.display());
}

fn shoot(window: &KioskWindow, shown: &kiosk::ui::Shown, screen: &Screen) -> SharedPixelBuffer<Rgba8Pixel> {
    shown.show(window, screen);
    slint::platform::update_timers_and_animations();
    window.window().take_snapshot().unwrap()
}
