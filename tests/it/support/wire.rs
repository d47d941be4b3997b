//! A server on a real socket, plain or encrypted, and bytes exchanged with it.

use std::net::SocketAddr;
use std::time::Duration;

use pulsepoint::clock::Clock;
use pulsepoint::http::{PerMinute, Settings};
use pulsepoint::server;
use pulsepoint::tls::{self, Tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;
use crate::support::tls::{Client, pair, write};

/// A connection, whatever carries it.
pub trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Both for S {}

pub struct Running {
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
    pub tls: Tls,
    /// With TLS: the PEM of its certificate, which is its own root.
    pub root: Option<String>,
    pub app: TestApp,
}

/// Short patience, and no limit on how often one may ask.
pub fn quick() -> Settings {
    Settings {
        rate_limit_per_minute: PerMinute::Of(0),
        first_byte_timeout_secs: 1,
        head_timeout_secs: 1,
        body_idle_timeout_secs: 1,
        request_timeout_secs: 2,
        idle_timeout_secs: 60,
        ..Settings::default()
    }
}

/// A plain server.
pub async fn serve(settings: Settings) -> Running {
    start(TestApp::with(settings).await, Tls::off(), None).await
}

/// A server with a certificate of its own, changed by `change`.
pub async fn serve_tls(settings: Settings, change: impl FnOnce(&mut tls::Settings)) -> Running {
    let (app, pair) = (TestApp::with(settings).await, pair());
    let mut files = write(app.folder(), &pair);
    change(&mut files);
    let now = Clock::system().system_time();
    let tls = Tls::start(&files, app.folder(), [127, 0, 0, 1].into(), now).unwrap();
    start(app, tls, Some(pair.0)).await
}

async fn start(app: TestApp, tls: Tls, root: Option<String>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let mut parts = app.app.clone();
    parts = parts.with_tls(tls.clone());
    let stopped = stop.clone();
    let task = tokio::spawn(async move { server::run(parts, listener, stopped.cancelled_owned()).await.unwrap() });
    Running { address, stop, task, tls, root, app }
}

impl Running {
    /// A connection of the kind that the server is of.
    pub async fn connect(&self) -> Box<dyn Both> {
        match &self.root {
            Some(root) => Box::new(Client::trusting(&[root]).connect(self.address).await.unwrap()),
            None => Box::new(self.connect_plain().await),
        }
    }

    /// A connection without TLS.
    pub async fn connect_plain(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    pub async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may have refused and closed before the last byte.
        let _ = stream.write_all(bytes).await;
        let _ = stream.flush().await;
        read_to_close(&mut stream).await
    }
}

/// Reads until the server closes, which it must.
pub async fn read_to_close(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    let reading = timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "still open after {:?}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer with a body of known length.
pub async fn read_answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        let n = timeout(Duration::from_secs(60), stream.read(&mut bytes)).await.unwrap().unwrap();
        assert!(n > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&bytes[..n]));
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
    }
}
