//! `demo`: two invented shops in a folder of their own, served like anything else.

mod folder;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use super::lock::DataLock;
use super::{args, output, serve, settings};
use crate::commerce::demo::{self, Installed, Shop};
use crate::config;
use crate::connectors::sandbox::{self, Options};
use crate::error::Result;
use crate::profit;

/// Ports that are tried from the first on.
const PORTS: std::ops::Range<u16> = 8080..8180;

/// `demo`.
pub async fn run(args: args::Demo) -> Result<()> {
    let clock = serve::clock(args.now);
    if args.stories {
        return tell(args.seed, clock.now(), args.json);
    }
    let data = args.data.unwrap_or_else(|| config::data_home().join("pulsepoint-demo"));
    let resolved = settings::of_demo(data, args.listen.clone())?;
    let mut settings = resolved.settings;
    let lock = DataLock::take(&settings.data)?;
    let listener = match args.listen {
        Some(_) => serve::listen(settings.listen).await?,
        None => next_free_port().await?,
    };
    folder::prepare(&settings.data, args.reset)?;
    // So that the page of integrations can be shown without an account anywhere, and without a network.
    let simulated = match settings.sandbox_url.is_empty() {
        true => Some(sandbox::start(Options { seed: args.seed, ..Options::new(clock.clone()) }).await?),
        false => None,
    };
    if let Some(simulated) = &simulated {
        settings.sandbox_url.clone_from(&simulated.url);
    }
    let app = serve::build(&settings, clock.clone()).await?;
    tracing::info!("making up what is missing of two shops: a few seconds the first time");
    let installed = demo::install(&app.tenants, args.seed, &clock).await?;
    for shop in &installed {
        let tenant = app.tenants.by_slug(&shop.tenant).await?;
        profit::demo::enter(&tenant, &shop.brand, &clock).await?;
    }
    serve::serve(app, lock, &settings, listener, |url| {
        output::line(&greeting(url, &installed, simulated.is_some()));
    })
    .await
}

fn greeting(url: &str, installed: &[Installed], simulated: bool) -> String {
    let mut lines = vec![format!("Pulsepoint demo: {url}"), format!("Sign in with the password {} as", demo::PASSWORD)];
    for shop in installed {
        lines.extend(shop.logins.iter().map(|login| format!("  {login:<30} {}", shop.brand)));
        if shop.removed {
            lines.push(format!("  (the data of {} was removed; --reset brings it back)", shop.brand));
        }
    }
    if simulated {
        let (shop, token) = ("northwind.myshopify.com", "shpat_sandbox");
        lines.push(format!("Integrations ask a simulator here: connect the shop {shop} with the access token {token}"));
    }
    lines.join("\n")
}

/// Prints what is hidden in the data.
fn tell(seed: u64, now: Timestamp, as_json: bool) -> Result<()> {
    let mut stories = Vec::new();
    for shop in [Shop::juniper_oak()?, Shop::northwind()?] {
        stories.extend(demo::stories(&shop, seed, now)?);
    }
    let lines: Vec<String> = stories.iter().map(|story| format!("{}  {}", story.brand, story.text)).collect();
    output::answer(as_json, &lines.join("\n"), &json!({ "seed": seed, "now": now, "stories": stories }));
    Ok(())
}

async fn next_free_port() -> Result<TcpListener> {
    for port in PORTS {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context("looking for a free port")?,
        }
    }
    Err(anyhow!("no port from {} to {} is free: name one with --listen", PORTS.start, PORTS.end - 1).into())
}
