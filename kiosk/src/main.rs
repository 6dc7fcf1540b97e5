//! rollbook-kiosk: reads the command line and starts what it asks for.
//!
//! Must never: hold logic.

use clap::Parser;
use kiosk::backlight::Backlight;
use kiosk::cli::{Cli, Task};
use kiosk::clock::Clock;
use kiosk::config::Config;
use kiosk::core::Msg;
#[cfg(any(feature = "window", feature = "linuxkms"))]
use kiosk::core::Screen;
use kiosk::enrol::{Door, EnrolError, Step, enrol};
use kiosk::hub::{Front, Heard, Hub, HubError};
use kiosk::script::{Printer, play};
use kiosk::sound::Sound;
use kiosk::store::{Aside, Store, kept, open_or_begin_anew};
use kiosk::{setup, status, witness};
use serde_json::json;
use std::error::Error;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// How the program ends when it found its file damaged (EX_IOERR).
const DAMAGED: i32 = 74;

fn main() -> ExitCode {
    // To stderr: stdout is for answers.
    let filter = tracing_subscriber::EnvFilter::try_from_env("ROLLBOOK_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // A log on a full disk must not end the kiosk: the library says so on stderr, which ends the thread that logs.
        .log_internal_errors(false)
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
        Task::Setup { file, root, check } => {
            let setup = setup::load(&file).map_err(|wrong| setup::told(&wrong).join("\n"))?;
            let written = if check { Vec::new() } else { setup::apply::apply(&setup, &root)? };
            for path in written {
                println!("{path}");
            }
            Ok(())
        }
        Task::Run { headless, script, fullscreen, setup, events, screens } => {
            if !headless {
                kiosk::surroundings::begin_again(&config.data);
            }
            let clock = Clock::new(cli.place.clock.as_deref())?;
            let store = open(&config.data, &clock)?;
            let (config, misset) = with_card(config, setup.as_deref());
            match (headless, script) {
                (true, Some(script)) => run_script(store, clock, config.server, &script),
                (true, None) => run_headless(store, clock, config, misset),
                (false, _) => {
                    let fullscreen = fullscreen || config.fullscreen;
                    run_window(store, clock, config, misset, fullscreen, Told { events, screens })
                }
            }
        }
    }
}

/// The configuration with what stands on the kiosk's card, or with nothing of it and what is wrong.
fn with_card(config: Config, card: Option<&Path>) -> (Config, Vec<String>) {
    let Some(card) = card else { return (config, Vec::new()) };
    match setup::load(card) {
        Ok(setup) => (config.with(setup), Vec::new()),
        Err(wrong) => {
            let wrong = setup::told(&wrong);
            for line in &wrong {
                tracing::error!("{line}");
            }
            (Config { server: None, ..config }, wrong)
        }
    }
}

/// Opens the store; where its file is damaged, the kiosk says so and begins anew with what could be read.
fn open(data: &Path, clock: &Clock) -> Result<Store, Box<dyn Error>> {
    let (store, aside) = open_or_begin_anew(data, clock.reading())?;
    if let Some(Aside { path, enrolled, kept, lost, only_copy: _ }) = aside {
        let missing = match lost {
            0 => String::new(),
            n => format!(" {n} could not be read: please give the file to IT, and look at today's registers."),
        };
        let who = if enrolled {
            ""
        } else {
            " It no longer says whose kiosk this is, so the kiosk asks to be enrolled again."
        };
        // Where nobody can be told, the kiosk starts all the same.
        let _ = writeln!(
            std::io::stderr(),
            "rollbook-kiosk: the kiosk's file was damaged and is kept as {}. {kept} facts that were not sent were taken \
             over.{missing}{who}",
            path.display()
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
    let enrolled = runtime.block_on(enrol(&store, *clock, &server, tell)).inspect_err(|error: &EnrolError| {
        if json {
            println!("{}", json!({ "event": "refused", "what": error.to_string() }));
        }
    })?;
    if json {
        println!("{}", json!({ "event": "enrolled", "kiosk": enrolled.kiosk, "room": enrolled.room }));
    } else {
        println!("Enrolled as {}.", enrolled.room);
    }
    Ok(())
}

/// The same front, but the program ends where its file is found damaged: whoever keeps it running (systemd) starts it
/// again at once, and a start sets the file aside and keeps what can be read.
fn ending(front: Front) -> Front {
    let Front { on_screen, mut on_heard } = front;
    let on_heard = Box::new(move |heard: Heard| {
        let damaged = matches!(heard, Heard::Damaged);
        on_heard(heard);
        if damaged {
            tracing::error!("the kiosk's file is damaged; starting again sets it aside and keeps what can be read");
            std::process::exit(DAMAGED);
        }
    });
    Front { on_screen, on_heard }
}

fn run_script(store: Store, clock: Clock, server: Option<Door>, script: &Path) -> Result<(), Box<dyn Error>> {
    let printer = Printer::new(Box::new(std::io::stdout()));
    let hub = Hub::start(store, clock, server, ending(printer.front()))?;
    if script == Path::new("-") {
        play(std::io::stdin().lock(), &hub.handle(), &printer);
    } else {
        let file = std::fs::File::open(script).map_err(|e| format!("cannot read {}: {e}", script.display()))?;
        play(std::io::BufReader::new(file), &hub.handle(), &printer);
    }
    Ok(())
}

/// Starts the kiosk, with its card reader, its backlight and its sounds if it has them.
fn start(store: Store, clock: Clock, config: Config, misset: Vec<String>, front: Front) -> Result<Hub, HubError> {
    let front = match config.backlight.as_ref().and_then(Backlight::find) {
        Some(backlight) => backlight.before(front),
        None => front,
    };
    let front = match config.sound {
        Some(sound) => Sound::new(sound)?.beside(front),
        None => front,
    };
    let hub = Hub::start(store, clock, config.server, front)?;
    if !misset.is_empty() {
        hub.handle().send(Msg::Misset { wrong: misset });
    }
    if let Some(reader) = config.reader {
        kiosk::reader::keep(reader, hub.handle())?;
    }
    Ok(hub)
}

fn run_headless(store: Store, clock: Clock, config: Config, misset: Vec<String>) -> Result<(), Box<dyn Error>> {
    let _hub = start(store, clock, config, misset, ending(Front::none()))?;
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

/// What a kiosk with a window prints.
#[cfg_attr(not(any(feature = "window", feature = "linuxkms")), allow(dead_code))] // without one there is nothing to print
#[derive(Clone, Copy)]
struct Told {
    events: bool,
    screens: bool,
}

#[cfg(any(feature = "window", feature = "linuxkms"))]
fn run_window(
    store: Store,
    clock: Clock,
    config: Config,
    misset: Vec<String>,
    fullscreen: bool,
    told: Told,
) -> Result<(), Box<dyn Error>> {
    let look = config.look;
    let printer = Printer::new(Box::new(std::io::stdout()));
    let hears = printer.front().on_heard;
    let start = move |mut front: Front| {
        if told.events {
            front.on_heard = hears;
        }
        self::start(store, clock, config, misset, ending(front))
    };
    let on_shown = move |screen: &Screen| {
        if told.screens {
            printer.print(&json!({ "event": "shown", "screen": screen }));
        }
    };
    kiosk::ui::run(start, on_shown, fullscreen, look)
}

#[cfg(not(any(feature = "window", feature = "linuxkms")))]
fn run_window(_: Store, _: Clock, _: Config, _: Vec<String>, _: bool, _: Told) -> Result<(), Box<dyn Error>> {
    Err("this program was built without its window: build it with `cargo build -p rollbook-kiosk --features window` \
         (or `linuxkms` for a Raspberry Pi without a desktop), or run it with --headless"
        .into())
}
