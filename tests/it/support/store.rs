//! A real store that speaks S3, over HTTP on this machine, which checks every signature; it can be told to misbehave.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use pulsepoint::backup::{self, Destination};
use s3s::access::S3Access;
use s3s::auth::SimpleAuth;
use s3s::dto::{CompleteMultipartUploadInput, PutObjectInput};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Request, S3Result};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The only bucket.
pub const BUCKET: &str = "shop-backups";
pub const KEY_ID: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "canary-of-the-secret-access-key";

/// What a request gets in the place of its answer.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// What it should.
    None,
    /// A refusal with S3's word for it.
    Status(u16, &'static str),
    /// The same before all of the request was read, and then the connection ends.
    Early(u16, &'static str),
    /// Nothing, for longer than anybody waits.
    Silence,
    /// Half of it, and then the connection ends.
    Half,
    /// What it should, but nobody is told: the connection ends.
    Lost,
}

type Which = fn(&Method, &str) -> bool;

#[derive(Default)]
struct State {
    /// Which requests, how many of them, what they get.
    faults: Vec<(Which, u32, Fault)>,
    /// Whether conditions are not seen.
    careless: bool,
    /// Every request: its method, path and query.
    asked: Vec<String>,
}

/// The store. Gone when dropped.
pub struct S3 {
    root: tempfile::TempDir,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    runtime: Option<Runtime>,
    /// Its certificate and key, as PEM, if it speaks TLS.
    tls: Option<(String, String)>,
}

impl S3 {
    pub fn start() -> Self {
        Self::with(None)
    }

    /// The same over TLS, with a certificate that is its own root.
    pub fn start_over_tls() -> Self {
        Self::with(Some(super::tls::pair()))
    }

    fn with(tls: Option<(String, String)>) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(BUCKET)).unwrap();
        let mut store = Self { root, address: ([127, 0, 0, 1], 0).into(), state: Arc::default(), runtime: None, tls };
        store.begin();
        store
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    /// The root that whoever asks it must trust, as PEM.
    pub fn root(&self) -> &str {
        &self.tls.as_ref().unwrap().0
    }

    /// Goes away; what it has stays.
    pub fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Comes (back) where it was.
    pub fn begin(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(self.root.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        service.set_access(Conditions(self.state.clone()));
        let (service, state) = (service.build(), self.state.clone());
        let (bound, at) = std::sync::mpsc::channel();
        let (address, tls) = (self.address, self.tls.as_ref().map(acceptor));
        runtime.spawn(async move {
            let listener = loop {
                // The one before it may not have let go yet.
                match TcpListener::bind(address).await {
                    Ok(listener) => break listener,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            };
            bound.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (service, state, tls) = (service.clone(), state.clone(), tls.clone());
                let answer = hyper::service::service_fn(move |request| answer(service.clone(), state.clone(), request));
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    // Whoever breaks it off is part of the test.
                    match tls {
                        None => drop(connection.serve_connection(TokioIo::new(socket), answer).await),
                        Some(tls) => {
                            let Ok(socket) = tls.accept(socket).await else { return };
                            drop(connection.serve_connection(TokioIo::new(socket), answer).await);
                        }
                    }
                });
            }
        });
        self.address = at.recv().unwrap();
        self.runtime = Some(runtime);
    }

    /// The next so many requests of a kind get this.
    pub fn fail(&self, times: u32, which: Which, fault: Fault) {
        self.state.lock().unwrap().faults.push((which, times, fault));
    }

    /// It is well again.
    pub fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// From now on it sees no conditions, as some stores do not.
    pub fn be_careless(&self) {
        self.state.lock().unwrap().careless = true;
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// Settings that name it.
    pub fn configure(&self, settings: &mut backup::Settings, prefix: &str) {
        settings.folder = Destination::S3 { bucket: BUCKET.to_owned(), prefix: prefix.to_owned() };
        settings.s3.endpoint = self.url();
        settings.s3.access_key_id = KEY_ID.to_owned();
        settings.s3.secret = Some(SECRET.into());
        settings.s3.timeout_secs = 2;
    }

    /// The same as a file of settings; the secret lies beside it.
    pub fn toml(&self, folder: &std::path::Path, prefix: &str) -> String {
        let secret = folder.join("secret-access-key");
        std::fs::write(&secret, SECRET).unwrap();
        format!(
            "[backup]\nfolder = \"s3://{BUCKET}/{prefix}\"\n[backup.s3]\nendpoint = \"{}\"\naccess_key_id = \"{KEY_ID}\"\n\
             secret_access_key_file = \"{}\"\n",
            self.url(),
            secret.display()
        )
    }

    /// Where what lies under a prefix lies on the disk.
    pub fn disk(&self, prefix: &str) -> PathBuf {
        self.root.path().join(BUCKET).join(prefix)
    }

    /// Takes the bucket away, or puts it back.
    pub fn move_bucket(&self, there: bool) {
        let (bucket, away) = (self.root.path().join(BUCKET), self.root.path().join("away"));
        if there { std::fs::rename(away, bucket).unwrap() } else { std::fs::rename(bucket, away).unwrap() }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.end();
    }
}

fn acceptor((certificate, key): &(String, String)) -> TlsAcceptor {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()))
}

/// Overlooks conditions where the store is to. They are signed, so not before the signature was checked.
struct Conditions(Arc<Mutex<State>>);

impl Conditions {
    fn overlooked(&self) -> bool {
        self.0.lock().unwrap().careless
    }
}

#[async_trait]
impl S3Access for Conditions {
    async fn put_object(&self, request: &mut S3Request<PutObjectInput>) -> S3Result<()> {
        if self.overlooked() {
            request.input.if_none_match = None;
        }
        Ok(())
    }

    async fn complete_multipart_upload(&self, request: &mut S3Request<CompleteMultipartUploadInput>) -> S3Result<()> {
        if self.overlooked() {
            request.input.if_none_match = None;
        }
        Ok(())
    }
}

fn note(state: &Mutex<State>, request: &Request<Incoming>) -> Option<Fault> {
    let mut state = state.lock().unwrap();
    let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    state.asked.push(format!("{} {target}", request.method()));
    let (_, left, fault) =
        state.faults.iter_mut().find(|(which, left, _)| *left > 0 && which(request.method(), &target))?;
    *left -= 1;
    Some(*fault)
}

async fn answer(
    service: S3Service,
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let fault = note(&state, &request);
    if let Some(Fault::Silence) = fault {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    if let Some(Fault::Status(status, code) | Fault::Early(status, code)) = fault {
        if !matches!(fault, Some(Fault::Early(..))) {
            axum::body::to_bytes(Body::new(request.into_body()), usize::MAX).await?;
        }
        let body =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>canary {SECRET}</Message></Error>");
        return Ok(Response::builder().status(status).body(Body::from(body))?);
    }
    let answer = hyper::service::Service::call(&service, request).await.map_err(|error| format!("{error:?}"))?;
    let answer = answer.map(Body::new);
    match fault {
        Some(Fault::Lost) => Err("the answer is lost".into()),
        Some(Fault::Half) => {
            let (parts, body) = answer.into_parts();
            let whole = axum::body::to_bytes(body, usize::MAX).await?;
            let half = whole.slice(..whole.len() / 2);
            let pieces = [Ok(half), Err(std::io::Error::other("cut"))];
            Ok(Response::from_parts(parts, Body::from_stream(futures_util::stream::iter(pieces))))
        }
        _ => Ok(answer),
    }
}

/// A place for backups, of either kind, that a test may look into.
pub struct Place {
    /// Where what is put there lies on the disk.
    pub disk: PathBuf,
    /// The store, if it is one.
    pub store: Option<S3>,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    pub fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { disk: folder.path().join("there"), store: None, _folder: Some(folder) }
    }

    pub fn store() -> Self {
        let store = S3::start();
        Self { disk: store.disk("pulse/point"), store: Some(store), _folder: None }
    }

    /// Settings that name it.
    pub fn configure(&self, settings: &mut backup::Settings) {
        match &self.store {
            Some(store) => store.configure(settings, "pulse/point"),
            None => settings.folder = Destination::Folder(self.disk.clone()),
        }
    }

    /// The same as a file of settings.
    pub fn toml(&self, folder: &std::path::Path) -> String {
        match &self.store {
            Some(store) => store.toml(folder, "pulse/point"),
            None => format!("[backup]\nfolder = \"{}\"\n", self.disk.display()),
        }
    }
}
