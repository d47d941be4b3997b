//! One connection: its limits, and what is refused before it is a request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::under_way::UnderWay;
use super::wire::{Patience, Signs, Wire};
use crate::http::{Encrypted, Peer, Settings, Unsound, secs};
use crate::tls::ACME_PROTOCOL;

/// HTTP/2 requests of one connection at the same time.
const MAX_STREAMS: u32 = 64;
/// Seconds between the pings that find out whether an HTTP/2 client is still there, and until it must have answered.
const PING_SECS: u64 = 10;
const PONG_SECS: u64 = 5;
/// The first byte of a TLS handshake; no HTTP request begins with it.
const HANDSHAKE: u8 = 0x16;

/// What every connection shares.
pub(super) struct Server {
    router: Router,
    /// With TLS: what makes it, and what is answered to whoever comes without.
    tls: Option<(TlsAcceptor, Router)>,
    settings: Settings,
    builder: Builder<TokioExecutor>,
}

impl Server {
    pub(super) fn new(router: Router, tls: Option<(TlsAcceptor, Router)>, settings: Settings) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        // Times are kept by the wire, which can tell an idle connection from a dripping one.
        builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_headers(settings.max_headers);
        builder.http1().max_buf_size(settings.head_bytes.max(8192));
        let list_bytes = u32::try_from(settings.head_bytes).unwrap_or(u32::MAX);
        builder.http2().timer(TokioTimer::new()).max_header_list_size(list_bytes).max_concurrent_streams(MAX_STREAMS);
        builder.http2().keep_alive_interval(secs(PING_SECS)).keep_alive_timeout(secs(PONG_SECS));
        Self { router, tls, settings, builder }
    }

    /// Serves a connection to its end; `stopping` makes the answer under way its last.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, stopping: CancellationToken) {
        // Answers are written whole; waiting for more would only delay them. If it cannot be set, they are a little late.
        let _ = stream.set_nodelay(true);
        let mut first_byte = [0];
        let silent = tokio::select! {
            first = tokio::time::timeout(secs(self.settings.first_byte_timeout_secs), stream.peek(&mut first_byte)) => {
                !matches!(first, Ok(Ok(1)))
            }
            () = stopping.cancelled() => true,
        };
        if silent {
            return;
        }
        match &self.tls {
            Some((acceptor, _)) if first_byte[0] == HANDSHAKE => {
                let handshake = tokio::time::timeout(secs(self.settings.head_timeout_secs), acceptor.accept(stream));
                let shaken = tokio::select! {
                    shaken = handshake => shaken,
                    () = stopping.cancelled() => return,
                };
                match shaken {
                    // An authority that fetched its proof has nothing to ask.
                    Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL) => {}
                    Ok(Ok(stream)) => Arc::clone(&self).talk(stream, true, peer, stopping).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS came about"),
                    Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                }
            }
            _ => Arc::clone(&self).talk(stream, false, peer, stopping).await,
        }
    }

    /// Answers requests on a connection that may carry them.
    async fn talk<S>(self: Arc<Self>, stream: S, over_tls: bool, peer: SocketAddr, stopping: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let patience = Patience {
            first: secs(self.settings.first_byte_timeout_secs),
            head: secs(self.settings.head_timeout_secs),
            idle: secs(self.settings.idle_timeout_secs),
            write: secs(self.settings.body_idle_timeout_secs),
        };
        let signs = Arc::new(Signs::default());
        let wire = Wire::new(stream, over_tls, Arc::clone(&signs), patience);
        let (server, shared) = (Arc::clone(&self), Arc::clone(&signs));
        let service =
            service_fn(move |request| Arc::clone(&server).answer(request, over_tls, peer, Arc::clone(&shared)));
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(wire), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopping.cancelled() => {
                if signs.streaming.load(Relaxed) {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, error, "a connection ended early");
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        over_tls: bool,
        peer: SocketAddr,
        signs: Arc<Signs>,
    ) -> Result<Response<Body>, Infallible> {
        let one = request.version() <= Version::HTTP_11;
        if one {
            signs.answers_due.fetch_add(1, Relaxed);
        }
        let unsound = unsound(&request, &signs);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        if let Some(reason) = unsound {
            request.extensions_mut().insert(Unsound(reason));
        }
        let router = match &self.tls {
            Some((_, plain)) if !over_tls => plain,
            _ => &self.router,
        };
        if over_tls {
            request.extensions_mut().insert(Encrypted);
        }
        let response = router.clone().oneshot(request).await?;
        let kind = response.headers().get(header::CONTENT_TYPE);
        signs.streaming.store(kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")), Relaxed);
        if !one {
            return Ok(response);
        }
        signs.expects_head.store(true, Relaxed);
        Ok(response.map(|body| Body::new(UnderWay::new(body, signs))))
    }
}

/// What two readers could read differently, and so must not be read at all.
fn unsound(request: &Request<Incoming>, signs: &Signs) -> Option<&'static str> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if request.version() <= Version::HTTP_11 && signs.ambiguous.swap(false, Relaxed) {
        return Some(
            "A request names its length once, by Content-Length or by Transfer-Encoding, and ends its lines with CRLF.",
        );
    }
    match request.version() {
        _ if hosts > 1 => Some("A request has one Host header."),
        Version::HTTP_11 if hosts == 0 => Some("A request has a Host header."),
        _ => None,
    }
}
