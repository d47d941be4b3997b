//! Requests that Pulsepoint sends: HTTPS to a checked address, within a time and a size, without following where an answer points.
//!
//! Names are looked up once and the connection goes to the very address that was checked, so a name that changes its mind in
//! between leads nowhere else. Plain HTTP is for this machine alone.

mod reach;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, HeaderValue, USER_AGENT};
use http::response::Parts;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

pub use reach::Allowed;

/// How long a request may take from the look-up of its name to the last byte of its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const ANSWER_BYTES: usize = 64 << 20;

/// Why a request brought nothing. For logs: it may name the address, and never holds what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Not an address that may be asked.
    #[error("{0} may not be asked: {1}")]
    Refused(String, &'static str),
    /// It could not be reached, or broke off.
    #[error("{0}: {1}")]
    Broken(String, String),
    /// It took too long.
    #[error("{0} did not answer in time")]
    Slow(String),
    /// The answer is larger than anything that is expected.
    #[error("{0} answered with too much")]
    TooLarge(String),
}

/// Sends a request with a body of text and reads the answer whole, whatever its status. The address of the request is absolute.
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
    let url = request.uri().to_string();
    let url = Url::parse(&url).map_err(|_| Failed::Refused(url, "it is no address"))?;
    let name = url.origin().ascii_serialization();
    let whole = async { exchange(request, &url, allowed).await?.whole().await };
    tokio::time::timeout(patience, whole).await.unwrap_or(Err(Failed::Slow(name)))
}

/// Sends a request and reads the head of its answer; the body comes piece by piece, each within `patience`, and may be of any size.
pub(crate) async fn open(request: Request<Vec<u8>>, allowed: &Allowed, patience: Duration) -> Result<Pieces, Failed> {
    let url = request.uri().to_string();
    let url = Url::parse(&url).map_err(|_| Failed::Refused(url, "it is no address"))?;
    let name = url.origin().ascii_serialization();
    let opened = tokio::time::timeout(patience, exchange(request, &url, allowed)).await;
    Ok(Pieces { patience, ..opened.unwrap_or(Err(Failed::Slow(name)))? })
}

/// An answer whose body is read piece by piece.
pub(crate) struct Pieces {
    /// Its head.
    pub head: Parts,
    name: String,
    patience: Duration,
    body: Incoming,
    // Held as long as the body is read.
    _connection: AbortOnDrop<hyper::Result<()>>,
}

impl Pieces {
    /// The next piece; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failed> {
        loop {
            let polled = std::future::poll_fn(|context| std::pin::Pin::new(&mut self.body).poll_frame(context));
            let frame = tokio::time::timeout(self.patience, polled).await;
            let Some(frame) = frame.map_err(|_| Failed::Slow(self.name.clone()))? else { return Ok(None) };
            let frame = frame.map_err(|error| Failed::Broken(self.name.clone(), error.to_string()))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }

    async fn whole(mut self) -> Result<Response<Vec<u8>>, Failed> {
        let mut answer = Vec::new();
        while let Some(data) = self.next().await? {
            if answer.len() + data.len() > ANSWER_BYTES {
                return Err(Failed::TooLarge(self.name));
            }
            answer.extend_from_slice(&data);
        }
        Ok(Response::from_parts(self.head, answer))
    }
}

async fn exchange(request: Request<Vec<u8>>, url: &Url, allowed: &Allowed) -> Result<Pieces, Failed> {
    let name = url.origin().ascii_serialization();
    let broken = |error: &dyn std::fmt::Display| Failed::Broken(name.clone(), error.to_string());
    let address = find(url, allowed).await?;
    let stream = TcpStream::connect(address).await.map_err(|error| broken(&error))?;
    if url.scheme() != "https" {
        return over(stream, request, url, &name).await;
    }
    let server = match url.host() {
        Some(Host::Domain(domain)) => ServerName::try_from(domain.to_owned()).map_err(|error| broken(&error))?,
        _ => ServerName::from(address.ip()),
    };
    let stream = TlsConnector::from(tls()?).connect(server, stream).await.map_err(|error| broken(&error))?;
    over(stream, request, url, &name).await
}

/// The address to connect to: the first of the name's that may be asked.
async fn find(url: &Url, allowed: &Allowed) -> Result<SocketAddr, Failed> {
    let name = url.origin().ascii_serialization();
    let refused = |why| Failed::Refused(name.clone(), why);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it holds a name or password"));
    }
    let port = url.port_or_known_default().ok_or_else(|| refused("it has no port"))?;
    let addresses: Vec<SocketAddr> = match url.host().ok_or_else(|| refused("it has no host"))? {
        Host::Ipv4(ip) => vec![(ip, port).into()],
        Host::Ipv6(ip) => vec![(ip, port).into()],
        Host::Domain(domain) => tokio::net::lookup_host((domain, port))
            .await
            .map_err(|error| Failed::Broken(name.clone(), error.to_string()))?
            .collect(),
    };
    let mut why = "it has no address";
    for address in addresses {
        match allowed.check(url, address.ip()) {
            Ok(()) => return Ok(address),
            Err(reason) => why = reason,
        }
    }
    Err(refused(why))
}

async fn over<S>(stream: S, request: Request<Vec<u8>>, url: &Url, name: &str) -> Result<Pieces, Failed>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let broken = |error: &dyn std::fmt::Display| Failed::Broken(name.to_owned(), error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let connection = AbortOnDrop(tokio::spawn(connection));
    let (mut parts, body) = request.into_parts();
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    parts.uri = target.parse().map_err(|error: http::uri::InvalidUri| broken(&error))?;
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    parts.headers.insert(HOST, HeaderValue::from_str(host).map_err(|error| broken(&error))?);
    parts.headers.insert(USER_AGENT, HeaderValue::from_static("Pulsepoint"));
    let request = Request::from_parts(parts, String::from_utf8(body).map_err(|error| broken(&error))?);
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (head, body) = response.into_parts();
    Ok(Pieces { head, name: name.to_owned(), patience: PATIENCE, body, _connection: connection })
}

/// Ends a connection with whoever uses it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
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
