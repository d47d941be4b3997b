//! A connection's bytes, watched: silence and dripping heads end it, and a refusal that the HTTP library writes by itself gets
//! the headers and the body that every answer of ours has.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::scan::HeadScan;
use crate::http::bare_answer;

/// What the bytes and the requests of one connection tell each other.
#[derive(Default)]
pub(super) struct Signs {
    /// Another reader could see another end in the head just read.
    pub(super) ambiguous: AtomicBool,
    /// The next HTTP/1 request may begin.
    pub(super) expects_head: AtomicBool,
    /// HTTP/1 answers that a request is waiting for.
    pub(super) answers_due: AtomicUsize,
    /// HTTP/1 answers under way, until their last byte is handed over: a connection with one is not idle, however quiet it is.
    pub(super) under_way: AtomicUsize,
    /// An answer that never ends by itself is under way.
    pub(super) streaming: AtomicBool,
}

/// How long a connection may take.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// Until the first byte.
    pub(super) first: Duration,
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) write: Duration,
}

/// The watched connection.
pub(super) struct Wire<S> {
    stream: S,
    over_tls: bool,
    signs: Arc<Signs>,
    patience: Patience,
    scan: HeadScan,
    /// Since when the connection has waited for a head, or for the rest of one.
    since: Instant,
    reading: Alarm,
    /// Since when nothing could be written.
    stuck: Option<Instant>,
    writing: Alarm,
    own: Option<Own>,
    /// Nothing has come yet.
    silent: bool,
}

/// Our words in place of the library's: what is left of them, and how much it believes to have written.
struct Own {
    bytes: Vec<u8>,
    sent: usize,
    instead_of: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, over_tls: bool, signs: Arc<Signs>, patience: Patience) -> Self {
        let (reading, writing) = (Alarm::default(), Alarm::default());
        let since = Instant::now();
        Self {
            stream,
            over_tls,
            signs,
            patience,
            scan: HeadScan::new(),
            since,
            reading,
            stuck: None,
            writing,
            own: None,
            silent: true,
        }
    }

    /// The next request may begin, from now on.
    fn begin_head(&mut self) {
        if self.signs.expects_head.swap(false, Relaxed) {
            self.scan = HeadScan::new();
            self.since = Instant::now();
        }
    }

    /// The library answers by itself only what it could not read as a request: a 4xx without a body that nobody asked for.
    fn refusal(&self, bytes: &[u8]) -> Option<StatusCode> {
        let status = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?.get(..3)?;
        let status = StatusCode::from_bytes(status).ok().filter(|status| !status.is_informational())?;
        let due = &self.signs.answers_due;
        if due.load(Relaxed) > 0 {
            due.fetch_sub(1, Relaxed);
            return None;
        }
        let bare = bytes.len() < 256 && bytes.ends_with(b"\r\n\r\n");
        (bare && status.is_client_error()).then_some(status)
    }

    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some(own) = &mut self.own {
            if own.sent == own.bytes.len() {
                let believed = own.instead_of;
                self.own = None;
                return Poll::Ready(Ok(believed));
            }
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &own.bytes[own.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => own.sent += n,
            }
        }
        Poll::Ready(Ok(0))
    }

    /// A client that does not read what it asked for is let go.
    fn with_patience<T>(&mut self, cx: &mut Context<'_>, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.stuck = None;
            return wrote;
        }
        let since = *self.stuck.get_or_insert_with(Instant::now);
        ready!(self.writing.poll(cx, since + self.patience.write));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        wire.begin_head();
        let before = buf.filled().len();
        let was_partial = wire.scan.is_partial();
        if Pin::new(&mut wire.stream).poll_read(cx, buf)?.is_ready() {
            wire.silent = false;
            if let Some(ambiguous) = wire.scan.feed(&buf.filled()[before..]) {
                wire.signs.ambiguous.store(ambiguous, Relaxed);
            }
            if !was_partial && wire.scan.is_partial() {
                wire.since = Instant::now();
            }
            return Poll::Ready(Ok(()));
        }
        if !wire.scan.in_head() {
            return Poll::Pending;
        }
        if wire.signs.under_way.load(Relaxed) > 0 {
            wire.since = Instant::now();
        }
        let patience = match wire.scan.is_partial() {
            true => wire.patience.head,
            // A handshake buys no more time than a plain connection has.
            false if wire.silent => wire.patience.first,
            false => wire.patience.idle,
        };
        // Out of patience: to the reader the connection has simply ended.
        wire.reading.poll(cx, wire.since + patience).map(Ok)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.own.is_none()
            && let Some(status) = wire.refusal(buf)
        {
            wire.own = Some(Own { bytes: bare_answer(status, wire.over_tls), sent: 0, instead_of: buf.len() });
        }
        let wrote = match wire.own {
            Some(_) => wire.poll_own(cx),
            None => Pin::new(&mut wire.stream).poll_write(cx, buf),
        };
        wire.with_patience(cx, wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let first = bufs.iter().find(|buf| !buf.is_empty());
        if wire.own.is_none()
            && let Some(status) = first.and_then(|first| wire.refusal(first))
        {
            let instead_of = bufs.iter().map(|buf| buf.len()).sum();
            wire.own = Some(Own { bytes: bare_answer(status, wire.over_tls), sent: 0, instead_of });
        }
        let wrote = match wire.own {
            Some(_) => wire.poll_own(cx),
            None => Pin::new(&mut wire.stream).poll_write_vectored(cx, bufs),
        };
        wire.with_patience(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS takes bytes into a buffer of its own, so that it is here that a client who does not read shows.
        let wire = self.get_mut();
        let flushed = Pin::new(&mut wire.stream).poll_flush(cx);
        // After an answer nobody may ask to read until bytes come, and then nothing else would wake who waits for them in vain.
        wire.begin_head();
        if flushed.is_ready() && wire.scan.in_head() {
            let _ = wire.reading.poll(cx, wire.since + wire.patience.idle);
        }
        wire.with_patience(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let closed = Pin::new(&mut wire.stream).poll_shutdown(cx);
        wire.with_patience(cx, closed)
    }
}

/// Goes off at a deadline that may move. Setting it later costs nothing until it goes off.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}
