//! How the store's library sends: through [`outgoing`], with its checks. What the store refuses becomes an error of one sentence, for
//! its own texts may repeat what was sent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header::{HeaderValue, IF_NONE_MATCH};
use http::{Method, Request, StatusCode};
use hyper::body::{Body, Frame};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};

use super::bucket::Conditions;
use crate::outgoing::{self, Allowed, Failed, Limits};

/// The slowest line that is waited for, bytes a second.
const SLOWEST: u64 = 50_000;
/// Answers but things themselves: a page of a list has a thousand names.
const ANSWER_BYTES: u64 = 16 << 20;
/// As much of a refusal is read as its code takes.
const REFUSAL_BYTES: usize = 64 << 10;

type Answering<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// A refusal of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store of the backups answered {status} {code}")]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// S3's word for it; empty where it gave none.
    pub(super) code: String,
}

/// Sends to the store and to nobody else.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) allowed: Allowed,
    pub(super) patience: Duration,
    pub(super) conditions: Conditions,
}

impl HttpConnector for Sender {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Sender {
    fn call<'own, 'call>(&'own self, request: HttpRequest) -> Answering<'call>
    where
        'own: 'call,
        Self: 'call,
    {
        Box::pin(self.send(request))
    }
}

impl Sender {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let sent = request.body().content_length() as u64;
        let is_thing = request.method() == Method::GET && request.uri().query().is_none();
        let limits = Limits {
            head: self.patience + Duration::from_secs(sent / SLOWEST),
            pause: self.patience,
            bytes: if is_thing { u64::MAX } else { ANSWER_BYTES },
        };
        let mut request = request.map(outgoing::Body::wrap);
        if joins_parts(&request) && self.conditions.are_heeded() {
            // The library has no word for it. What is signed are the headers that were there before.
            request.headers_mut().insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        let answer = outgoing::send_streaming(request, &self.allowed, limits).await.map_err(unsent)?;
        let (parts, body) = answer.into_parts();
        let body = Box::pin(body);
        if is_refusal(parts.status) {
            let code = code_of(body).await;
            let known = parts.status == StatusCode::NOT_FOUND && code != "NoSuchBucket";
            if !known {
                return Err(refused(Refusal { status: parts.status.as_u16(), code }));
            }
            return Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(Vec::new())));
        }
        let body = Pieces(Box::pin(body.map(|piece| piece.map_err(unsent))));
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}

/// Whether it is the last request of an upload in parts, after which the whole has its name.
fn joins_parts<B>(request: &Request<B>) -> bool {
    request.method() == Method::POST && request.uri().query().is_some_and(|query| query.starts_with("uploadId="))
}

/// The statuses that the library has no use for. It reads those of a condition that does not hold itself.
fn is_refusal(status: StatusCode) -> bool {
    let condition = [StatusCode::NOT_MODIFIED, StatusCode::PRECONDITION_FAILED].contains(&status);
    !status.is_success() && !condition
}

fn refused(refusal: Refusal) -> HttpError {
    let again = refusal.status >= 500 && refusal.status != 501 || [408, 429].contains(&refusal.status);
    let kind = if again { HttpErrorKind::Request } else { HttpErrorKind::Unknown };
    HttpError::new(kind, refusal)
}

fn unsent(failed: Failed) -> HttpError {
    let kind = match &failed {
        Failed::Unreached(..) => HttpErrorKind::Connect,
        Failed::Slow(_) => HttpErrorKind::Timeout,
        Failed::Broken(..) => HttpErrorKind::Interrupted,
        Failed::Refused(..) | Failed::TooLarge(_) => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, failed)
}

/// S3's word for what is wrong, if it is one.
async fn code_of(mut body: impl Stream<Item = Result<Bytes, Failed>> + Unpin) -> String {
    let mut text = Vec::new();
    while let Some(Ok(piece)) = body.next().await {
        text.extend_from_slice(&piece);
        if text.len() > REFUSAL_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    let is_word = code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if is_word { code.to_owned() } else { String::new() }
}

/// An answer's body as the library wants it.
struct Pieces<S>(Pin<Box<S>>);

impl<S: Stream<Item = Result<Bytes, HttpError>>> Body for Pieces<S> {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        self.0.as_mut().poll_next(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
