//! Requests that Pulsepoint sends: HTTPS to a checked address, within a time and a size, without following where an answer points.
//!
//! Names are looked up by the resolver here, which hands out none but checked addresses, and the connection goes to one of those: a
//! name that changes its mind in between leads nowhere else. Plain HTTP is for this machine, or where the operator asked for it in
//! their own network. No proxy of the environment is used, for it would see to addresses of its own.

mod reach;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{Request, Response};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

pub use reach::{Allowed, stay_offline};
use reach::{NotAllowed, Reach};
/// What is sent: bytes, text, or a stream of a known or unknown length.
pub use reqwest::Body;

/// How long a request may take from the look-up of its name to the last byte of its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const ANSWER_BYTES: u64 = 512 << 10;
/// How long a connection may take to stand.
const CONNECTING: Duration = Duration::from_secs(5);

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);

/// How long an answer may take and how large it may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the look-up of the name to the head of the answer; sending the body is part of it.
    pub head: Duration,
    /// Between two pieces of the answer.
    pub pause: Duration,
    /// Of the whole answer.
    pub bytes: u64,
}

/// Why a request brought nothing. For logs: it may name the address, and never holds what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Not an address that may be asked.
    #[error("{0} may not be asked: {1}")]
    Refused(String, &'static str),
    /// It could not be reached: nothing was sent.
    #[error("{0}: {1}")]
    Unreached(String, String),
    /// It broke off.
    #[error("{0}: {1}")]
    Broken(String, String),
    /// It took too long.
    #[error("{0} did not answer in time")]
    Slow(String),
    /// The answer is larger than anything that is expected.
    #[error("{0} answered with too much")]
    TooLarge(String),
}

/// Sends a request and reads the answer whole, whatever its status. The address of the request is absolute.
///
/// # Errors
/// See [`Failed`].
pub async fn send(request: Request<Vec<u8>>, allowed: &Allowed) -> Result<Response<Vec<u8>>, Failed> {
    send_within(request, allowed, PATIENCE).await
}

/// [`send`], with as much patience as this.
pub(crate) async fn send_within(
    request: Request<Vec<u8>>,
    allowed: &Allowed,
    patience: Duration,
) -> Result<Response<Vec<u8>>, Failed> {
    let name = origin(&address(&request)?);
    let limits = Limits { head: patience, pause: patience, bytes: ANSWER_BYTES };
    let whole = async {
        let (parts, body) = send_streaming(request.map(Body::from), allowed, limits).await?.into_parts();
        let (mut body, mut answer) = (std::pin::pin!(body), Vec::new());
        while let Some(piece) = body.next().await {
            answer.extend_from_slice(&piece?);
        }
        Ok(Response::from_parts(parts, answer))
    };
    tokio::time::timeout(patience, whole).await.unwrap_or(Err(Failed::Slow(name)))
}

/// Sends a request and returns once the head of the answer is there, whatever its status; the rest is read as it comes. The
/// address of the request is absolute. Connections of the same [`Allowed`], and of its clones, are used again.
///
/// # Errors
/// See [`Failed`]; so may the pieces of the answer fail.
pub async fn send_streaming(
    request: Request<Body>,
    allowed: &Allowed,
    limits: Limits,
) -> Result<Response<impl Stream<Item = Result<Bytes, Failed>> + Send + Sync + 'static>, Failed> {
    let url = address(&request)?;
    let name = origin(&url);
    check(&url, &allowed.reach)?;
    let client = client(allowed)?;
    let request = reqwest::Request::try_from(request).map_err(|error| told(&name, error))?;
    let asked = tokio::time::timeout(limits.head, client.execute(request)).await;
    let answer = asked.map_err(|_| Failed::Slow(name.clone()))?.map_err(|error| told(&name, error))?;
    let mut response = Response::new(());
    (*response.status_mut(), *response.version_mut()) = (answer.status(), answer.version());
    *response.headers_mut() = answer.headers().clone();
    let body = Box::pin(answer.bytes_stream());
    Ok(response.map(|()| limited(body, name, limits)))
}

/// The pieces of an answer, within its limits.
fn limited(
    body: impl Stream<Item = reqwest::Result<Bytes>> + Send + Sync + Unpin + 'static,
    name: String,
    limits: Limits,
) -> impl Stream<Item = Result<Bytes, Failed>> + Send + Sync + 'static {
    futures_util::stream::try_unfold((body, 0, name), move |(mut body, so_far, name)| async move {
        let Ok(piece) = tokio::time::timeout(limits.pause, body.next()).await else { return Err(Failed::Slow(name)) };
        let Some(piece) = piece else { return Ok(None) };
        let piece = piece.map_err(|error| told(&name, error))?;
        let so_far = so_far + piece.len() as u64;
        if so_far > limits.bytes {
            return Err(Failed::TooLarge(name));
        }
        Ok(Some((piece, (body, so_far, name))))
    })
}

fn address<T>(request: &Request<T>) -> Result<Url, Failed> {
    let url = request.uri().to_string();
    Url::parse(&url).map_err(|_| Failed::Refused(url, "it is no address"))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What can be said of an address before its name is looked up; an address in numbers is never looked up.
fn check(url: &Url, reach: &Reach) -> Result<(), Failed> {
    let refused = |why| Failed::Refused(origin(url), why);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it holds a name or password"));
    }
    reach.may_ask(url).map_err(refused)?;
    let ip: IpAddr = match url.host().ok_or_else(|| refused("it has no host"))? {
        Host::Ipv4(ip) => ip.into(),
        Host::Ipv6(ip) => ip.into(),
        Host::Domain(_) => return Ok(()),
    };
    reach.may_reach(url.host_str().unwrap_or_default(), ip).map_err(refused)
}

/// Looks names up, and hands out the addresses that may be asked.
struct Checked(Reach);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let name = name.as_str();
            let (mut good, mut why) = (Vec::new(), "it has no address");
            for address in tokio::net::lookup_host((name, 0)).await? {
                match reach.may_reach(name, address.ip()) {
                    Ok(()) => good.push(SocketAddr::new(address.ip(), 0)),
                    Err(reason) => why = reason,
                }
            }
            match good.is_empty() {
                true => Err(NotAllowed(why).into()),
                false => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

/// What sends for this [`Allowed`]. Its connections belong to the runtime that it is first used on.
fn client(allowed: &Allowed) -> Result<&Client, Failed> {
    if let Some(client) = allowed.client.get() {
        return Ok(client);
    }
    let built = Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(&*tls()?))
        .dns_resolver(Arc::new(Checked(allowed.reach.clone())))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        // Unpacked it might be larger than it was sent.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http1_only()
        .user_agent("Pulsepoint")
        .connect_timeout(CONNECTING)
        .pool_idle_timeout(IDLE)
        .build();
    let built = built.map_err(|error| told("what sends requests", error))?;
    Ok(allowed.client.get_or_init(|| built))
}

/// An error in the words of its cause, without the address's query, which may hold more than a name.
fn told(name: &str, error: reqwest::Error) -> Failed {
    let (unreached, slow) = (error.is_connect(), error.is_timeout());
    let error = error.without_url();
    let mut cause: &(dyn std::error::Error + 'static) = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
        if let Some(refused) = cause.downcast_ref::<NotAllowed>() {
            return Failed::Refused(name.to_owned(), refused.0);
        }
    }
    match (unreached, slow) {
        (true, true) => Failed::Unreached(name.to_owned(), "no connection within its time".to_owned()),
        (true, false) => Failed::Unreached(name.to_owned(), cause.to_string()),
        (false, true) => Failed::Slow(name.to_owned()),
        (false, false) => Failed::Broken(name.to_owned(), cause.to_string()),
    }
}

/// What this machine trusts: the system's roots, or the file that `SSL_CERT_FILE` names. Read at the first use.
fn tls() -> Result<Arc<ClientConfig>, Failed> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let failed = |why: String| Failed::Broken("this machine's root certificates".to_owned(), why);
    if added == 0 {
        return Err(failed("there are none (the package is usually called ca-certificates)".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
