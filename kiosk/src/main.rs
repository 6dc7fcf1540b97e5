//! rollbook-kiosk: reads the command line and starts what it asks for.
//!
//! Must never: hold logic.

use clap::Parser;
use kiosk::cli::{Cli, Task};
use kiosk::clock::Clock;
use kiosk::config::Config;
use kiosk::enrol::{Door, EnrolError, Step, enrol};
use kiosk::hub::{Front, Hub, HubError};
use kiosk::script::{Printer, play};
use kiosk::store::{Store, kept, open_or_begin_anew};
use kiosk::{status, witness};
use serde_json::json;
use std::error::Error;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // To stderr: stdout is for answers.
    let filter = tracing_subscriber::EnvFilter::try_from_env("ROLLBOOK_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match go(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rollbook-kiosk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn go(cli: Cli) -> Result<(), Box<dyn Error>> {
    let config = Config::load(cli.place.config.as_deref(), cli.place.data, cli.place.server)?;
    match cli.task {
        Task::Enrol { json, again } => {
            let clock = Clock::new(cli.place.clock.as_deref())?;
            enrol_now(&config, &clock, json, again)
        }
        Task::Witness => {
            let kept = witness::look(&config.data)?.ok_or("this kiosk has no school yet, and keeps nothing of one")?;
            println!("{}", serde_json::to_string_pretty(&kept)?);
            Ok(())
        }
        Task::Readers => {
            let found = kiosk::reader::grab::list();
            if found.is_empty() {
                println!("No input device with digits is here, or this user may not read /dev/input.");
            }
            for line in found {
                println!("{line}");
            }
            Ok(())
        }
        Task::Status { json } => {
            let status = status::look(&config.data)?;
            if json {
                println!("{}", serde_json::to_string(&status)?)
            } else {
                println!("{status}")
            }
            Ok(())
        }
        Task::Run { headless, script, fullscreen, events } => {
            if !headless {
                kiosk::fonts::only_our_own(&config.data);
            }
            let clock = Clock::new(cli.place.clock.as_deref())?;
            let store = open(&config.data, &clock)?;
            match (headless, script) {
                (true, Some(script)) => run_script(store, clock, config.server, &script),
                (true, None) => run_headless(store, clock, config),
                (false, _) => {
                    let fullscreen = fullscreen || config.fullscreen;
                    run_window(store, clock, config, fullscreen, events)
                }
            }
        }
    }
}

/// Opens the store; where its file cannot be opened at all, the kiosk says so and begins anew.
fn open(data: &Path, clock: &Clock) -> Result<Store, Box<dyn Error>> {
    let (store, aside) = open_or_begin_anew(data, clock.reading().wall)?;
    if let Some(aside) = aside {
        eprintln!(
            "rollbook-kiosk: the kiosk's file could not be opened. It is kept as {}; marks that were not sent may be in it, so \
             please give it to IT. The kiosk begins anew and asks to be enrolled: revoke the old one in the office pages.",
            aside.display()
        );
    }
    Ok(store)
}

fn enrol_now(config: &Config, clock: &Clock, json: bool, again: bool) -> Result<(), Box<dyn Error>> {
    let server = config.server.clone().ok_or("no server: say --server https://…, or write it into kiosk.toml")?;
    let store = open(&config.data, clock)?;
    if let Some(enrolled) = store.write_now(|tx| kept::enrolled(tx))?
        && !again
    {
        return Err(format!("this kiosk is enrolled already, as {}; --again enrols it anew", enrolled.room).into());
    }
    let tell = |step: Step| match step {
        Step::Code { code, check_word } if json => {
            println!("{}", json!({ "event": "enrol_code", "code": code, "check_word": check_word }));
        }
        Step::Code { code, check_word } => {
            println!("Type this code in the office page, Kiosks:   {code}");
            println!("The page must show the same check word:      {check_word}");
        }
        Step::Trouble(trouble) | Step::Anew(trouble) if json => {
            println!("{}", json!({ "event": "trouble", "what": trouble }))
        }
        Step::Trouble(trouble) | Step::Anew(trouble) => eprintln!("{trouble}. Trying on."),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let enrolled = runtime.block_on(enrol(&store, *clock, &Door { server, known: None }, tell)).inspect_err(
        |error: &EnrolError| {
            if json {
                println!("{}", json!({ "event": "refused", "what": error.to_string() }));
            }
        },
    )?;
    if json {
        println!("{}", json!({ "event": "enrolled", "kiosk": enrolled.kiosk, "room": enrolled.room }));
    } else {
        println!("Enrolled as {}.", enrolled.room);
    }
    Ok(())
}

fn run_script(store: Store, clock: Clock, server: Option<String>, script: &Path) -> Result<(), Box<dyn Error>> {
    let printer = Printer::new(Box::new(std::io::stdout()));
    let hub = Hub::start(store, clock, server, printer.front())?;
    if script == Path::new("-") {
        play(std::io::stdin().lock(), &hub.handle(), &printer);
    } else {
        let file = std::fs::File::open(script).map_err(|e| format!("cannot read {}: {e}", script.display()))?;
        play(std::io::BufReader::new(file), &hub.handle(), &printer);
    }
    Ok(())
}

/// Starts the kiosk, with its card reader if it has one.
fn start(store: Store, clock: Clock, config: Config, front: Front) -> Result<Hub, HubError> {
    let hub = Hub::start(store, clock, config.server, front)?;
    if let Some(reader) = config.reader {
        kiosk::reader::keep(reader, hub.handle())?;
    }
    Ok(hub)
}

fn run_headless(store: Store, clock: Clock, config: Config) -> Result<(), Box<dyn Error>> {
    let _hub = start(store, clock, config, Front::none())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done,
            _ = end.recv() => Ok(()),
        }
    })?;
    Ok(())
}

#[cfg(any(feature = "window", feature = "linuxkms"))]
fn run_window(
    store: Store,
    clock: Clock,
    config: Config,
    fullscreen: bool,
    events: bool,
) -> Result<(), Box<dyn Error>> {
    let look = config.look;
    let start = move |mut front: Front| {
        if events {
            front.on_heard = Printer::new(Box::new(std::io::stdout())).front().on_heard;
        }
        self::start(store, clock, config, front)
    };
    kiosk::ui::run(start, fullscreen, look)
}

#[cfg(not(any(feature = "window", feature = "linuxkms")))]
fn run_window(_: Store, _: Clock, _: Config, _: bool, _: bool) -> Result<(), Box<dyn Error>> {
    Err("this program was built without its window: build it with `cargo build -p rollbook-kiosk --features window` \
         (or `linuxkms` for a Raspberry Pi without a desktop), or run it with --headless"
        .into())
}
