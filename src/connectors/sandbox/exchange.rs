//! A request as it came and an answer as it goes, without a word about the server between them.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

/// A request.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    /// Decoded, without the query.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub loopback: bool,
    pub demand: Option<Demand>,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Payload {
    Whole(Vec<u8>),
    /// Made while it is sent.
    Stream(mpsc::Receiver<Bytes>),
}

/// What a request is to set off, beyond what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    BulkFails {
        code: String,
        partial: u64,
    },
    BulkSticks,
    RunFails,
    RunIsSkipped,
    RunSticks,
    /// An error behind the first rows.
    BreakMidStream,
}

/// How an answer goes wrong on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is ever answered.
    Silence,
    /// The connection is reset.
    Reset,
    /// So many bytes of the body, then the connection ends.
    Cut(usize),
    /// So many milliseconds between pieces of 64 bytes.
    Drip(u64),
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub payload: Payload,
    pub trouble: Option<Trouble>,
}

pub const JSON: &str = "application/json; charset=utf-8";

impl Asked {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer`.
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The body as JSON or as a form, by what it says it is.
    pub fn fields(&self) -> Value {
        if self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            let pairs = form_urlencoded::parse(&self.body);
            return pairs.map(|(key, value)| (key.into_owned(), Value::String(value.into_owned()))).collect();
        }
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", kind.to_owned())];
        Self { status, headers, payload: Payload::Whole(body), trouble: None }
    }

    /// A body of JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        // Maps with text keys always serialize; nothing else is written here.
        Self::new(status, JSON, serde_json::to_vec(body).unwrap_or_default())
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.as_bytes().to_vec())
    }

    pub fn stream(kind: &str, pieces: mpsc::Receiver<Bytes>) -> Self {
        let headers = vec![("content-type", kind.to_owned())];
        Self { status: 200, headers, payload: Payload::Stream(pieces), trouble: None }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Makes a body on another thread while it is sent: `make` is given what takes a piece and says whether more is wanted.
pub fn pieces(make: impl FnOnce(&mut dyn FnMut(Vec<u8>) -> bool) + Send + 'static) -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || make(&mut |piece| sender.blocking_send(Bytes::from(piece)).is_ok()));
    receiver
}
