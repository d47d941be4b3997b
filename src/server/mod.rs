//! Accepts connections and answers them: the order of the layers, the limits of a connection, and a polite stop.

mod connection;
mod places;
mod plain;
mod scan;
mod under_way;
mod wire;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::places::Places;
use crate::app::App;
use crate::auth::gate;
use crate::error::{Error, Result};
use crate::http::{Edge, TrustedProxies, cors, edge, secs};
use crate::routes;

/// The routes within their layers. From the outside in: id, span, panics, error mapping, headers and counters; CORS; the rate
/// limit and the token's claims; and, before each route, tenant and permission.
pub fn router(app: &App) -> Result<Router> {
    app.counters.expect(routes::paths());
    let inner = routes::router(app).layer(from_fn_with_state(app.auth.clone(), gate));
    let inner = match cors(&app.http) {
        Some(layer) => inner.layer(layer),
        None => inner,
    };
    let edge_state = Edge::new(&app.http, app.counters.clone(), app.auth.bans().clone())?;
    Ok(inner.layer(from_fn_with_state(edge_state, edge)))
}

/// Serves until `stop` is done, then lets requests under way finish. With TLS, whoever comes to the same port without it is led
/// to the page or told why not.
pub async fn run(app: App, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    run_with_plain(app, listener, None, stop).await
}

/// The same, with a second listener for those who come without TLS, which must be on.
pub async fn run_with_plain(
    app: App,
    listener: TcpListener,
    plain: Option<TcpListener>,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let address = listener.local_addr().context("asking for the address")?;
    let tls = app.tls.acceptor().map(|acceptor| Ok::<_, Error>((acceptor, plain::router(&app, address.port())?)));
    let server = Arc::new(connection::Server::new(router(&app)?, tls.transpose()?, app.http.clone()));
    let places = Arc::new(Semaphore::new(app.http.max_connections));
    // What is no network, the router's edge has refused by now.
    let proxies = TrustedProxies::parse(app.http.trusted_proxies.iter().map(String::as_str)).unwrap_or_default();
    let of_addresses = Places::new(app.http.max_connections_per_address, proxies);
    let (stopping, connections) = (CancellationToken::new(), TaskTracker::new());
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = next(&listener, plain.as_ref(), &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let Some(own_place) = of_addresses.take(peer.ip()) else {
            tracing::debug!(%peer, "closed a connection: its address has too many open");
            continue;
        };
        let (server, stopping) = (Arc::clone(&server), stopping.clone());
        connections.spawn(async move {
            server.serve(stream, peer, stopping).await;
            drop((place, own_place));
        });
    }
    drop((listener, plain));
    stopping.cancel();
    connections.close();
    if tokio::time::timeout(secs(app.http.stop_timeout_secs), connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "stopped with requests still under way");
    }
    Ok(())
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn next(listener: &TcpListener, plain: Option<&TcpListener>, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let second = async {
        match plain {
            Some(plain) => plain.accept().await,
            None => std::future::pending().await,
        }
    };
    let accepted = tokio::select! {
        accepted = listener.accept() => accepted,
        accepted = second => accepted,
    };
    match accepted {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Out of file handles, most likely: what is open has to close first.
            tracing::warn!(%error, "could not accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
