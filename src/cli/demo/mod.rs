//! `demo`: two invented shops in a folder of their own, served like anything else.

mod fill;
mod folder;

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::lock::DataLock;
use super::{args, output, serve, settings};
use crate::commerce::demo::{self, Shop};
use crate::config;
use crate::error::Result;

/// Ports that are tried from the first on.
const PORTS: std::ops::Range<u16> = 8080..8180;
/// The password of every login of the demo.
const PASSWORD: &str = "pulsepoint-demo";

/// `demo`.
pub async fn run(args: args::Demo) -> Result<()> {
    let clock = serve::clock(args.now);
    if args.stories {
        return tell(args.seed, clock.now());
    }
    let data = args.data.unwrap_or_else(|| config::data_home().join("pulsepoint-demo"));
    let resolved = settings::of_demo(data, args.listen.clone())?;
    let settings = resolved.settings;
    let lock = DataLock::take(&settings.data)?;
    let listener = match args.listen {
        Some(_) => serve::listen(settings.listen).await?,
        None => next_free_port().await?,
    };
    let begun = folder::prepare(&settings.data, args.seed, clock.now(), args.reset)?;
    let app = serve::build(&settings, clock.clone()).await?;
    if begun.is_behind(clock.now()) {
        tracing::info!("making up two shops: a few seconds");
        fill::fill(&app, args.seed, begun.filled_to).await?;
        folder::remember(&settings.data, args.seed, clock.now())?;
    }
    serve::serve(app, lock, &settings, listener, |url| output::line(&greeting(url))).await
}

fn greeting(url: &str) -> String {
    let logins: Vec<String> =
        fill::PEOPLE.iter().map(|person| format!("  {:<29} {}", person.email, person.tenant)).collect();
    format!("Pulsepoint demo: {url}\n\nSign in with the password {PASSWORD} as\n{}\n", logins.join("\n"))
}

/// Prints what is hidden in the data.
fn tell(seed: u64, now: Timestamp) -> Result<()> {
    for shop in [Shop::juniper_oak()?, Shop::northwind()?] {
        for story in demo::stories(&shop, seed, now)? {
            let end = story.end.map_or_else(|| "…".to_owned(), |end| end.to_string());
            output::line(&format!("{}  {} to {end}  {}", story.brand, story.start, story.text));
        }
    }
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
