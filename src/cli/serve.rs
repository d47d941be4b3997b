//! A server as a process: parts, jobs, control socket, one line when ready, a polite stop.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::control::Control;
use super::execute::execute;
use super::lock::DataLock;
use super::{args, output, settings};
use crate::app::App;
use crate::auth::oidc::Oidc;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::jobs::Nudge;
use crate::secrets::{KeySource, MasterKey};
use crate::tenants::Tenants;
use crate::tls::Tls;
use crate::{connectors, schedule, server, sync, warehouse};

/// How long jobs may take to finish when the server stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// `serve`.
pub async fn run(args: args::Serve) -> Result<()> {
    let resolved = settings::of_server(&args)?;
    for stray in &resolved.strays {
        tracing::warn!("{stray}");
    }
    let settings = resolved.settings;
    let lock = DataLock::take(&settings.data)?;
    let clock = clock(args.now);
    // Before anything is opened: wrong files are told at once.
    let tls = Tls::start(&settings.tls, &settings.data, settings.listen.ip(), clock.system_time())?;
    let listener = listen(settings.listen).await?;
    let app = build(&settings, clock).await?.with_tls(tls);
    if let Some(token) = app.auth.setup_token() {
        tracing::info!("first run: open the page and enter the setup token {token}");
    }
    serve(app, lock, &settings, listener, |_| {}).await
}

/// The time of a run: the system's, or the one it was given.
pub fn clock(now: Option<jiff::Timestamp>) -> Clock {
    now.map_or_else(Clock::system, Clock::fixed)
}

/// The parts of an instance whose folder is ours.
pub async fn build(settings: &Settings, clock: Clock) -> Result<App> {
    let (master, source) = MasterKey::load(&settings.data, config::master_key_from_environment(), true)?;
    if let KeySource::NewFile(path) = &source {
        tracing::info!("made the master key {}: keep a copy elsewhere, the data is lost without it", path.display());
    }
    warehouse::limit(&settings.warehouse);
    let (data, limits, time) = (settings.data.clone(), settings.tenants.clone(), clock.clone());
    let tenants = tokio::task::spawn_blocking(move || Tenants::start(&data, master, time, &limits));
    let app = App::start(tenants.await.context("opening the tenants")??, clock, settings.http.clone()).await?;
    let parts = sync::Parts {
        settings: settings.sync.clone(),
        shared: settings.platforms(),
        connectors: connectors::all(),
        ..sync::Parts::default()
    };
    Ok(app.with_backups(settings.backup.clone())?.with_retention(settings.retention.clone()).with_sync(parts))
}

/// An open socket, or a sentence that says what to do.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    Ok(bound.with_context(|| format!("listening on {address} (another address: --listen or PULSEPOINT_LISTEN)"))?)
}

/// Serves until a signal, then stops what runs, in order.
pub async fn serve(
    app: App,
    lock: DataLock,
    settings: &Settings,
    listener: TcpListener,
    greet: impl FnOnce(&str),
) -> Result<()> {
    single_sign_on(&app, settings)?;
    let stop = stop_signal()?;
    let plain = match settings.tls.plain_listen.0.filter(|_| app.tls.is_on()) {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    schedule::start(&app);
    schedule::watch_certificate(&app, &hang_up()?);
    let control = Control::open(&settings.data)?;
    let commands = app.clone();
    let control = tokio::spawn(control.serve(
        move |command, file, progress| {
            let app = commands.clone();
            async move { execute(&app, command, file, progress).await }
        },
        stop.clone(),
    ));
    let address = listener.local_addr().context("asking for the address")?;
    let url = format!("{}://{address}", if app.tls.is_on() { "https" } else { "http" });
    greet(&url);
    if let Some(root) = app.tls.root() {
        tracing::info!("browsers trust this address once they have the root certificate {}", root.path.display());
        tracing::info!("it can be had at {url}/trust/root.crt; its SHA-256 fingerprint is {}", root.fingerprint);
    }
    output::line(&format!("listening on {url}"));
    let served = server::run_with_plain(app.clone(), listener, plain, stop.clone().cancelled_owned()).await;
    stop.cancel();
    // It ends by itself; a panic in it was told already.
    let _ = control.await;
    if !app.jobs.stop(PATIENCE).await {
        tracing::warn!("a job did not stop in time");
    }
    let closed = app.close().await;
    drop(lock);
    served.and(closed)
}

/// Lets people sign in at the provider that the settings name. Asks nobody; commands without a server do not need its secret.
fn single_sign_on(app: &App, settings: &Settings) -> Result<()> {
    let secret = config::oidc_secret_from_environment();
    if let Some(oidc) = Oidc::new(&settings.oidc, secret, &settings.http.public_url)? {
        app.auth.sign_in_at(oidc);
    }
    Ok(())
}

/// Nudges at every SIGHUP: a new certificate is there. Without TLS it does nothing, and does not end the process either.
fn hang_up() -> Result<Nudge> {
    let nudge = Nudge::new();
    let mut hang_up = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let nudged = nudge.clone();
    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            nudged.send();
        }
    });
    Ok(nudge)
}

/// Flips at the first SIGTERM or SIGINT.
fn stop_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut term = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let flipped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        flipped.cancel();
    });
    Ok(stop)
}
