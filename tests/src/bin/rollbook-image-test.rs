//! `make image-test`: the card's image in an emulated machine, against a real server. Each step says what was seen; pictures
//! of the screen are kept, to be looked at.
//!
//! Must never: say that something ran on a real Raspberry Pi.

#![allow(clippy::disallowed_methods)] // an emulated machine is waited for in real time

use clap::{Parser, ValueEnum};
use rollbook_tests::image::stage::{Set, cage, damage, keyboard, mistakes, moments, pi3, reception, register};
use rollbook_tests::process::Trouble;
use std::path::PathBuf;
use std::process::ExitCode;

/// The image in an emulated machine.
#[derive(Parser)]
struct Args {
    /// The raw image, as `make image` writes it.
    image: PathBuf,
    /// Where pictures, logs and the server's data go.
    folder: PathBuf,
    /// Only these [default: all but moments and here]
    #[arg(long, value_delimiter = ',')]
    only: Vec<Stage>,
    /// The day that is played.
    #[arg(long, default_value = "2026-11-23")]
    date: String,
    /// Power cuts, each with a full start.
    #[arg(long, default_value_t = 10)]
    cuts: usize,
    /// Moments of recorded writes at which the power is cut.
    #[arg(long, default_value_t = 500)]
    moments: usize,
    /// Of those moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is tried, each with machines of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// A classroom's kiosk from power-on to a register that was sent, with the cable out for a while.
    Register,
    /// A rollbook.toml with mistakes.
    Mistakes,
    /// Reception: late pupils by cards on the pins, the power cut after each; a full data partition.
    Reception,
    /// Late pupils by a USB reader that types.
    Keyboard,
    /// A kiosk that the compositor cage shows.
    Cage,
    /// The card's root, and its data partition, damaged.
    Damage,
    /// The start on a Raspberry Pi 3 as QEMU has it.
    Pi3,
    /// A register in the emulated machine with every write recorded, and the power cut at moments of that record.
    Moments,
    /// The same with the kiosk's program on this machine, on an ext4 of its own: quick, and without the image.
    Here,
}

#[tokio::main]
async fn main() -> ExitCode {
    match test(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("\nrollbook-image-test: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn test(args: &Args) -> Result<(), Trouble> {
    std::fs::create_dir_all(args.folder.join("pictures"))?;
    let set = Set { image: args.image.canonicalize()?, folder: args.folder.canonicalize()?, date: args.date.clone() };
    println!("The image {} in QEMU (nothing here is a real Raspberry Pi)", set.image.display());
    let all =
        [Stage::Mistakes, Stage::Register, Stage::Reception, Stage::Keyboard, Stage::Cage, Stage::Damage, Stage::Pi3];
    let stages = if args.only.is_empty() { &all } else { args.only.as_slice() };
    for stage in stages {
        println!("{stage:?}");
        match stage {
            Stage::Register => register::register(&set).await?,
            Stage::Mistakes => mistakes::mistakes(&set).await?,
            Stage::Reception => reception::reception(&set, args.cuts).await?,
            Stage::Keyboard => keyboard::keyboard(&set).await?,
            Stage::Cage => cage::cage(&set).await?,
            Stage::Damage => damage::damaged(&set).await?,
            Stage::Pi3 => pi3::pi3(&set).await?,
            Stage::Moments => moments::moments(&set, args.moments, args.seed).await?,
            Stage::Here => moments::here(&set, args.moments, args.seed).await?,
        }
    }
    Ok(())
}
