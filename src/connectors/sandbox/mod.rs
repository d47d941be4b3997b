//! A simulator of Shopify, Meta Ads, TikTok Ads and Google Ads over HTTP, for tests, benchmarks and developers: shops and ad accounts
//! from a seed, the platforms' own forms of answers and errors, and faults on demand.
//!
//! It shares no type with the connectors: what both misunderstand in the same way, neither would notice.

mod ads;
mod control;
mod draw;
mod exchange;
mod faults;
mod google;
mod meta;
mod server;
mod shopify;
mod text;
mod tiktok;
mod totals;
mod world;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::error::Result;
use world::World;

/// What a simulator is made of. Equal options and an equal time give equal answers.
#[derive(Debug, Clone)]
pub struct Options {
    /// What shops and ad accounts are made from.
    pub seed: u64,
    /// Orders of each shop over `days`; the same pace goes on afterwards.
    pub orders: u64,
    pub shops: u64,
    /// Ad accounts of each platform.
    pub accounts: u64,
    /// Ads of each account, about.
    pub ads: u64,
    /// Days before the start that have orders and ads.
    pub days: i64,
    /// Whether requests cost something and can be too many.
    pub throttle: bool,
    /// Whether Meta wants `appsecret_proof`.
    pub appsecret_proof: bool,
    /// The platforms' time.
    pub clock: Clock,
    pub listen: SocketAddr,
}

impl Options {
    /// Two small shops with a quarter of a year behind them, on a free port of this machine.
    pub fn new(clock: Clock) -> Self {
        Self {
            seed: 1,
            orders: 500,
            shops: 2,
            accounts: 2,
            ads: 30,
            days: 90,
            throttle: true,
            appsecret_proof: false,
            clock,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// A running simulator. It stops when the last of it is dropped.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Where it listens, `http://127.0.0.1:8090`.
    pub url: String,
    world: Arc<World>,
    _stop: Arc<DropGuard>,
}

impl Sandbox {
    /// Its own figures, as `GET /_control/totals` answers them.
    pub fn totals(&self) -> Value {
        totals::all(&self.world)
    }

    /// Does what `POST /_control/{what}` does.
    ///
    /// # Errors
    /// A sentence, where it cannot be done.
    pub async fn control(&self, what: &str, body: Value) -> std::result::Result<Value, String> {
        control::act(&self.world, what, &body).await
    }
}

/// Starts a simulator.
///
/// # Errors
/// The address is taken.
pub async fn start(options: Options) -> Result<Sandbox> {
    let address = options.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    let address = listener.local_addr().context("asking for the address")?;
    let url = format!("http://{address}");
    let world = Arc::new(World::new(options, url.clone()));
    let stop = CancellationToken::new();
    tokio::spawn(server::run(listener, Arc::clone(&world), stop.clone()));
    Ok(Sandbox { url, world, _stop: Arc::new(stop.drop_guard()) })
}
