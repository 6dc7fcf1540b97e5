//! `serve`: the listeners, the jobs, and an orderly end.
//!
//! Must never: offer office pages without TLS to another machine.

use super::Outcome;
use crate::auth::session;
use crate::clock::Clock;
use crate::state::App;
use crate::store::Stores;
use crate::{jobs, router, tls};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// Requests under way get so long to end.
const GRACE: Duration = Duration::from_secs(5);
/// The head of a connection's first request must be here within so long.
const SLOW_HEAD: Duration = Duration::from_secs(15);
/// Those of later ones too; between two requests a connection may rest as long. A kiosk lets go of its own after 90 s.
const RESTS: Duration = Duration::from_secs(100);
/// Requests at once on one HTTP/2 connection: a browser's page and its live stream, a kiosk's three.
const STREAMS: u32 = 32;
/// Open files and connections.
const FILES: u64 = 16_384;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where kiosks (and office pages of other machines) connect, by TLS.
    #[arg(long, default_value = "0.0.0.0:4433")]
    kiosks: SocketAddr,
    /// Where office pages answer without TLS, on this machine only (for a browser here, or a proxy that brings its own certificate).
    #[arg(long)]
    office: Option<SocketAddr>,
    /// How the log is written.
    #[arg(long, value_enum, default_value = "text", env = "ROLLBOOK_LOG_FORMAT")]
    log: LogFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(args: &Args, data: &Path, clock: Clock) -> Outcome {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A log on a full disk must not end the thread that logs.
    let log = log.log_internal_errors(false);
    match args.log {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    if let Some(office) = args.office.filter(|a| !a.ip().is_loopback()) {
        return Err(format!("--office {office}: pages without TLS are for this machine only; use 127.0.0.1").into());
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args, data, clock))
}

async fn serve(args: &Args, data: &Path, clock: Clock) -> Outcome {
    many_connections();
    let stores = Stores::open(data, clock)?;
    let identity = tls::identity(data)?;
    let sessions = session::open(data).await?;
    let (stop, stopping) = watch::channel(false);
    let app = App::new(stores.clone(), identity.pin, stopping);
    let tls_handle = Handle::new();
    let plain_handle = Handle::new();

    let secure = router::build(app.clone(), sessions.clone(), true);
    let listener = bind(args.kiosks)?;
    let mut server = axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(identity.config))?
        .handle(tls_handle.clone())
        .first_request_timeout(SLOW_HEAD);
    impatient(server.http_builder());
    let server = server.serve(secure.into_make_service_with_connect_info::<SocketAddr>());
    let secure = tokio::spawn(server);
    let plain = match args.office {
        Some(office) => {
            let router = router::build(app.clone(), sessions.clone(), false);
            let mut server =
                axum_server::from_tcp(bind(office)?)?.handle(plain_handle.clone()).first_request_timeout(SLOW_HEAD);
            impatient(server.http_builder());
            let server = server.serve(router.into_make_service_with_connect_info::<SocketAddr>());
            Some(tokio::spawn(server))
        }
        None => None,
    };
    let jobs = tokio::spawn(jobs::run(app.clone(), Some(sessions)));
    tracing::info!(kiosks = %args.kiosks, office = ?args.office, pin = %identity.pin, schools = stores.all().len(), "serving");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]); // without systemd there is nobody to tell

    wait_for_the_end().await?;
    tracing::info!("stopping");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    let _ = stop.send(true); // long polls, live pages and jobs end
    tls_handle.graceful_shutdown(Some(GRACE));
    plain_handle.graceful_shutdown(Some(GRACE));
    secure.await??;
    if let Some(plain) = plain {
        plain.await??;
    }
    jobs.await?;
    tokio::task::spawn_blocking(move || stores.stop()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Somebody who opens connections and says nothing on them, or a word a minute, does not keep others out.
fn impatient(http: &mut Builder<TokioExecutor>) {
    http.http1().header_read_timeout(RESTS);
    http.http2().keep_alive_interval(Some(SLOW_HEAD)).keep_alive_timeout(SLOW_HEAD).max_concurrent_streams(STREAMS);
}

/// As many open connections as the system lets us have: each kiosk and each live page holds one.
fn many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |most| most.min(FILES));
    if current.is_some_and(|now| now < wanted) {
        // Refused: it goes on with fewer.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

async fn wait_for_the_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    let listener = TcpListener::bind(address)
        .map_err(|e| format!("cannot listen on {address}: {e}. Is another server running? Choose another port"))?;
    listener.set_nonblocking(true).map_err(|e| format!("cannot listen on {address}: {e}"))?;
    Ok(listener)
}
