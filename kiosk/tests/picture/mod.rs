//! Pictures of screens: written, read, compared, and laid out on a sheet.
#![allow(dead_code)] // each test binary uses its own part

use slint::{Rgba8Pixel, SharedPixelBuffer};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes a picture as it is.
pub fn write(path: &Path, picture: &SharedPixelBuffer<Rgba8Pixel>) {
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let rgb: Vec<u8> = picture.as_slice().iter().flat_map(|p| [p.r, p.g, p.b]).collect();
    encoder.write_header().unwrap().write_image_data(&rgb).unwrap();
}

/// A small copy to keep: at most 256 colours, each within the tolerance of what it stands for.
pub fn keep(path: &Path, picture: &SharedPixelBuffer<Rgba8Pixel>) {
    let bin = |rgb: [u8; 3]| rgb.map(|part| part / 20);
    // Screens are flat: most pixels are as the one before.
    let mut runs: Vec<([u8; 3], usize)> = Vec::new();
    for p in picture.as_slice() {
        match runs.last_mut() {
            Some((rgb, n)) if *rgb == [p.r, p.g, p.b] => *n += 1,
            _ => runs.push(([p.r, p.g, p.b], 1)),
        }
    }
    let mut colours: BTreeMap<[u8; 3], BTreeMap<[u8; 3], usize>> = BTreeMap::new();
    for (rgb, n) in &runs {
        *colours.entry(bin(*rgb)).or_default().entry(*rgb).or_default() += n;
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
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::NoFilter);
    let bytes: Vec<u8> = runs.iter().flat_map(|(rgb, n)| std::iter::repeat_n(place[&bin(*rgb)], *n)).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

/// Reads a picture: width, height, RGB.
pub fn read(path: &Path) -> Option<(u32, u32, Vec<u8>)> {
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
pub fn difference(picture: &SharedPixelBuffer<Rgba8Pixel>, golden: &(u32, u32, Vec<u8>)) -> f64 {
    if (picture.width(), picture.height()) != (golden.0, golden.1) {
        return 1.0;
    }
    let far = |p: &Rgba8Pixel, g: &[u8]| [p.r, p.g, p.b].iter().zip(g).any(|(a, b)| a.abs_diff(*b) > 24);
    let n = picture.as_slice().iter().zip(golden.2.chunks(3)).filter(|(p, g)| far(p, g)).count();
    n as f64 / picture.as_slice().len() as f64
}

/// Small copies of pictures in rows, each row as high as its highest.
pub struct Sheet {
    rows: Vec<Vec<SharedPixelBuffer<Rgba8Pixel>>>,
}

/// How much smaller the copies are.
const SMALLER: u32 = 4;
const BETWEEN: u32 = 8;

impl Sheet {
    /// An empty one.
    pub fn new() -> Self {
        Self { rows: vec![Vec::new()] }
    }
    /// The next row begins.
    pub fn row(&mut self) {
        self.rows.push(Vec::new());
    }
    /// Adds a small copy.
    pub fn add(&mut self, picture: &SharedPixelBuffer<Rgba8Pixel>) {
        let (w, h) = (picture.width() / SMALLER, picture.height() / SMALLER);
        let from = picture.as_slice();
        let mut small = SharedPixelBuffer::<Rgba8Pixel>::new(w, h);
        let at = |x: u32, y: u32| from[(y * picture.width() + x) as usize];
        for (i, p) in small.make_mut_slice().iter_mut().enumerate() {
            let (x, y) = (i as u32 % w * SMALLER, i as u32 / w * SMALLER);
            let mut sum = [0_u32; 3];
            for dy in 0..SMALLER {
                for dx in 0..SMALLER {
                    let q = at(x + dx, y + dy);
                    sum = [sum[0] + u32::from(q.r), sum[1] + u32::from(q.g), sum[2] + u32::from(q.b)];
                }
            }
            let mean = sum.map(|s| u8::try_from(s / (SMALLER * SMALLER)).unwrap());
            *p = Rgba8Pixel::new(mean[0], mean[1], mean[2], 255);
        }
        self.rows.last_mut().unwrap().push(small);
    }
    /// All of it as one picture.
    pub fn picture(&self) -> SharedPixelBuffer<Rgba8Pixel> {
        let width = |row: &Vec<SharedPixelBuffer<Rgba8Pixel>>| row.iter().map(|p| p.width() + BETWEEN).sum::<u32>();
        let height = |row: &Vec<SharedPixelBuffer<Rgba8Pixel>>| row.iter().map(|p| p.height()).max().unwrap_or(0);
        let w = self.rows.iter().map(width).max().unwrap_or(0) + BETWEEN;
        let h = self.rows.iter().map(|r| height(r) + BETWEEN).sum::<u32>() + BETWEEN;
        let mut sheet = SharedPixelBuffer::<Rgba8Pixel>::new(w, h);
        let onto = sheet.make_mut_slice();
        onto.fill(Rgba8Pixel::new(120, 120, 120, 255));
        let mut y = BETWEEN;
        for row in &self.rows {
            let mut x = BETWEEN;
            for p in row {
                for line in 0..p.height() {
                    let (to, from) = (((y + line) * w + x) as usize, (line * p.width()) as usize);
                    let n = p.width() as usize;
                    onto[to..to + n].copy_from_slice(&p.as_slice()[from..from + n]);
                }
                x += p.width() + BETWEEN;
            }
            y += height(row) + BETWEEN;
        }
        sheet
    }
}
