//! `sandbox`: the simulator as a process.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::{Args, ValueHint};
use jiff::Timestamp;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{output, serve};
use crate::connectors::sandbox::{self, Options};
use crate::error::Result;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  pulsepoint sandbox
  pulsepoint sandbox --seed 7 --orders 100000 --days 365 --no-throttle
  pulsepoint sandbox --now 2026-11-20T12:00:00Z

Its own figures: curl http://127.0.0.1:8090/_control/totals")]
pub struct Sandbox {
    /// Which shops and ad accounts to make up
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Orders of each shop up to now
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub orders: u64,
    /// How many shops
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=50))]
    pub shops: u64,
    /// Ad accounts of each platform
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=50))]
    pub accounts: u64,
    /// Ads of each account
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub ads: u64,
    /// Days before now that have orders and ads
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(i64).range(1..=2_000))]
    pub days: i64,
    /// Let every request through, however many there are
    #[arg(long)]
    pub no_throttle: bool,
    /// Have Meta ask for appsecret_proof
    #[arg(long)]
    pub appsecret_proof: bool,
    /// Take this for the present time
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<Timestamp>,
    /// What goes wrong: a script in TOML or JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub faults: Option<PathBuf>,
    /// Listen here
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
}

/// Serves until a signal.
pub async fn run(args: Sandbox) -> Result<()> {
    let options = Options {
        seed: args.seed,
        orders: args.orders,
        shops: args.shops,
        accounts: args.accounts,
        ads: args.ads,
        days: args.days,
        throttle: !args.no_throttle,
        appsecret_proof: args.appsecret_proof,
        clock: serve::clock(args.now),
        listen: args.listen,
    };
    let mut term = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let script = match &args.faults {
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?),
        None => None,
    };
    let sandbox = sandbox::start(options).await?;
    if let Some(script) = script {
        let armed = sandbox.control("faults", json!({ "toml": script })).await;
        armed.map_err(|why| anyhow!("the script of faults: {why}"))?;
    }
    output::line(&format!("listening on {}", sandbox.url));
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
