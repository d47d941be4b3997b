//! Sends a connector's requests, and counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use http::Request;
use url::Url;

use super::settings::Base;
use super::{Answer, Trouble};
use crate::outgoing::{self, Allowed, Failed, Pieces};

/// How long an answer may take, to its last byte.
const PATIENCE: Duration = Duration::from_secs(90);
/// The longest line of a download.
const LINE_BYTES: usize = 16 << 20;

/// What was asked and what came. Shared by the clones of a client.
#[derive(Debug, Default)]
pub struct Traffic {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Traffic {
    /// Requests sent.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes of the answers' bodies, unpacked.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Asks one integration's platform. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    allowed: Allowed,
    base: Arc<str>,
    traffic: Arc<Traffic>,
}

impl Client {
    /// A client for one integration.
    pub fn new(base: &Base) -> Self {
        Self { allowed: base.allowed.clone(), base: base.url.as_str().into(), traffic: Arc::default() }
    }

    /// What was asked through it so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// An address under the integration's own.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request and reads the answer whole, whatever its status.
    ///
    /// # Errors
    /// [`Trouble::Later`] where nothing came, came too slowly or broke off, [`Trouble::NotAllowed`] for an address that may not be
    /// asked, [`Trouble::Unreadable`] for an answer that is too large.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, Trouble> {
        self.traffic.requests.fetch_add(1, Ordering::Relaxed);
        let answer = outgoing::send_within(request, &self.allowed, PATIENCE).await.map_err(trouble)?;
        let (parts, body) = answer.into_parts();
        self.traffic.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        Ok(Answer { status: parts.status, headers: parts.headers, body: Bytes::from(body) })
    }

    /// The lines behind an address, as they come, without their ends. A last line without an end is one that broke off: the
    /// platforms' files end with a line's end.
    ///
    /// # Errors
    /// As [`Client::send`]; a status that is no success is [`Trouble::Later`], for such an address is good only for a while.
    pub async fn lines(&self, url: &Url) -> Result<BoxStream<'static, Result<Bytes, Trouble>>, Trouble> {
        let request = Request::get(url.as_str()).body(Vec::new());
        let request = request.map_err(|_| Trouble::Refused("a download's address is no address".to_owned()))?;
        self.traffic.requests.fetch_add(1, Ordering::Relaxed);
        let pieces = outgoing::open(request, &self.allowed, PATIENCE).await.map_err(trouble)?;
        if !pieces.head.status.is_success() {
            return Err(Trouble::broken(format!("a download was refused ({})", pieces.head.status.as_u16())));
        }
        let lines = Lines { pieces, traffic: Arc::clone(&self.traffic), waiting: BytesMut::new(), searched: 0 };
        let all = stream::try_unfold(lines, |mut lines| async move {
            let next = lines.next().await?;
            Ok(next.map(|line| (line, lines)))
        });
        Ok(all.boxed())
    }
}

/// A download on its way: at most a piece and a line of it are in memory.
struct Lines {
    pieces: Pieces,
    traffic: Arc<Traffic>,
    waiting: BytesMut,
    /// So much of `waiting` has no line's end.
    searched: usize,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.waiting[self.searched..]) {
                let mut line = self.waiting.split_to(self.searched + end + 1);
                self.searched = 0;
                line.truncate(line.len() - 1);
                if !line.is_empty() {
                    return Ok(Some(line.freeze()));
                }
                continue;
            }
            self.searched = self.waiting.len();
            if self.searched > LINE_BYTES {
                let reason = "a download has a line without end".to_owned();
                return Err(Trouble::Unreadable { reason, answer: Bytes::new() });
            }
            match self.pieces.next().await.map_err(trouble)? {
                Some(piece) => {
                    self.traffic.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
                    self.waiting.extend_from_slice(&piece);
                }
                None if self.waiting.is_empty() => return Ok(None),
                None => return Err(Trouble::broken("a download broke off within a line")),
            }
        }
    }
}

/// A failure in terms of what happens next. Addresses may hold secrets, so only the host is named.
fn trouble(failed: Failed) -> Trouble {
    match failed {
        Failed::Refused(name, why) => Trouble::NotAllowed(format!("{name} may not be asked: {why}")),
        Failed::Broken(name, why) => Trouble::broken(format!("the connection to {name} broke: {why}")),
        Failed::Slow(name) => Trouble::broken(format!("{name} did not answer in time")),
        Failed::TooLarge(name) => {
            Trouble::Unreadable { reason: format!("{name} answered with too much"), answer: Bytes::new() }
        }
    }
}
