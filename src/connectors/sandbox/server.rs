//! The server: HTTP/1.1 by hyper, with what a real network does wrong.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::exchange::{Asked, Payload, Reply, Trouble};
use super::world::World;

/// The largest body that is read.
const MOST: usize = 16 << 20;
const DRIP: usize = 64;

/// A connection that can be reset.
struct Wire {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            // The peer sees RST in place of an orderly end; where that cannot be set it sees an early end.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Serves until it is told to stop. Connections that are open then end at once.
pub async fn run(listener: TcpListener, world: Arc<World>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        // A connection that went away before it was taken is no reason to stop.
        let Ok((stream, peer)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        let (world, stop) = (Arc::clone(&world), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = connection(stream, peer, world) => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, world: Arc<World>) {
    let reset = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Wire { stream, reset: Arc::clone(&reset) });
    let service = service_fn(move |request| {
        let (world, reset) = (Arc::clone(&world), Arc::clone(&reset));
        async move { respond(request, peer, world, reset).await }
    });
    // A broken connection is what it is for.
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

async fn respond(
    request: Request<Incoming>,
    peer: SocketAddr,
    world: Arc<World>,
    reset: Arc<AtomicBool>,
) -> Result<Response<Body>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), MOST).await.map_err(io::Error::other)?;
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let asked = Asked {
        method: parts.method,
        path: percent_decoded(parts.uri.path()),
        query: query.map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
        headers: parts.headers,
        body,
        loopback: peer.ip().to_canonical().is_loopback(),
        demand: None,
    };
    let reply = world.answer(asked).await;
    match reply.trouble {
        Some(Trouble::Silence) => std::future::pending().await,
        Some(Trouble::Reset) => {
            reset.store(true, Ordering::SeqCst);
            Err(io::Error::other("reset on demand"))
        }
        trouble => sent(reply, trouble),
    }
}

fn sent(reply: Reply, trouble: Option<Trouble>) -> Result<Response<Body>, io::Error> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = match (reply.payload, trouble) {
        (Payload::Whole(bytes), None) => Body::from(bytes),
        (Payload::Whole(bytes), Some(trouble)) => broken(stream::iter([Bytes::from(bytes)]), trouble),
        (Payload::Stream(pieces), None) => Body::from_stream(ReceiverStream::new(pieces).map(Ok::<_, io::Error>)),
        (Payload::Stream(pieces), Some(trouble)) => broken(ReceiverStream::new(pieces), trouble),
    };
    response.body(body).map_err(io::Error::other)
}

/// A body that breaks off, or trickles.
fn broken(pieces: impl stream::Stream<Item = Bytes> + Send + 'static, trouble: Trouble) -> Body {
    match trouble {
        Trouble::Drip(wait) => {
            let drops = |piece: Bytes| piece.chunks(DRIP).map(Bytes::copy_from_slice).collect::<Vec<_>>();
            let slow = pieces.flat_map(move |piece| stream::iter(drops(piece))).then(move |drop| async move {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                Ok::<_, io::Error>(drop)
            });
            Body::from_stream(slow)
        }
        Trouble::Cut(most) => {
            let mut left = most;
            let cut = pieces.map(move |piece| {
                let taken = piece.slice(..piece.len().min(left));
                left -= taken.len();
                taken
            });
            let end = stream::once(async {
                // An error at once would take with it what is not yet sent, the head of the answer too.
                tokio::time::sleep(Duration::from_millis(10)).await;
                Err(io::Error::other("cut on demand"))
            });
            let cut = cut.take_while(|piece| std::future::ready(!piece.is_empty())).map(Ok);
            Body::from_stream(cut.chain(end))
        }
        _ => Body::empty(),
    }
}

/// A path with its escapes undone.
fn percent_decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = path.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
