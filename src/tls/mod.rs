//! TLS of the server: whose certificate, which versions, and changing it while connections stay.
//!
//! The provider is `ring`: it compiles in seconds with the C compiler that SQLite needs anyway. A certificate changes behind the
//! resolver, so a handshake takes the newest one and open connections keep theirs.

mod acme;
mod authority;
mod certificate;
pub mod routes;
mod settings;
mod validity;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::error::Result;
pub use acme::PROTOCOL as ACME_PROTOCOL;
use acme::{Acme, Challenges};
use authority::Authority;
pub use authority::Root;
use certificate::{Files, Loaded};
pub use settings::{MinVersion, Mode, OptionalAddress, Settings};

/// Days before its end when a certificate of somebody else's should have been renewed.
pub const RENEW_DAYS: i64 = 14;

/// The TLS of one server; off by default.
#[derive(Clone, Default)]
pub struct Tls(Option<Arc<Inner>>);

struct Inner {
    source: Source,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    /// What was last refused, so that it is told once and not at every look.
    refused: Mutex<Option<[u8; 32]>>,
}

enum Source {
    Files(Files),
    Authority(Box<Authority>),
    Acme(Box<Acme>),
}

/// What every handshake asks for the certificate.
#[derive(Debug)]
struct Current {
    loaded: RwLock<Loaded>,
    challenges: Challenges,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match Challenges::are_asked(&hello) {
            true => self.challenges.get(hello.server_name()),
            false => Some(self.get().key),
        }
    }
}

impl Current {
    fn get(&self) -> Loaded {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, loaded: Loaded) {
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
    }
}

/// What a certificate in use is.
#[derive(Clone, Debug)]
pub struct About {
    /// The file it was read from.
    pub path: PathBuf,
    /// From when it is good.
    pub not_before: Timestamp,
    /// Until when it is good.
    pub not_after: Timestamp,
}

impl Tls {
    /// No TLS.
    pub fn off() -> Self {
        Self(None)
    }

    /// TLS as the settings say. The authority of `--tls auto` lies in the data folder and is made if it is not there; its leaf
    /// is good for this host, `localhost` and `listen`. Fails with a sentence on files that cannot be served.
    pub fn start(settings: &Settings, data: &Path, listen: std::net::IpAddr, now: Timestamp) -> Result<Self> {
        let source = match settings.mode {
            Mode::Auto => Source::Authority(Box::new(Authority::open(data, &settings.names, listen, now)?)),
            Mode::Files => match Files::of(settings)? {
                Some(files) => Source::Files(files),
                None => return Ok(Self(None)),
            },
            Mode::Acme => Source::Acme(Box::new(Acme::open(settings, data)?)),
        };
        let loaded = source.load(now)?;
        let awaited = matches!(source, Source::Acme(_)) && loaded.fingerprint == [0; 32];
        if awaited {
            tracing::info!("a certificate will be fetched; until then browsers are shown one of our own making");
        } else if loaded.about.not_after < now || loaded.about.not_before > now {
            // Refusing would turn a warning of every browser into an outage.
            let (path, from, to) = (loaded.about.path.display(), loaded.about.not_before, loaded.about.not_after);
            tracing::warn!(
                "the certificate {path} is good from {from} to {to}, which is not now: clients will refuse it"
            );
        }
        let current = Arc::new(Current { loaded: RwLock::new(loaded), challenges: Challenges::default() });
        let mut config = config(settings.min_version, current.clone())?;
        if matches!(source, Source::Acme(_)) {
            config.alpn_protocols.push(ACME_PROTOCOL.to_vec());
        }
        let config = Arc::new(config);
        Ok(Self(Some(Arc::new(Inner { source, current, config, refused: Mutex::default() }))))
    }

    /// Whether there is any.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// What makes TLS connections of plain ones; `None` when TLS is off.
    pub fn acceptor(&self) -> Option<TlsAcceptor> {
        self.0.as_ref().map(|inner| TlsAcceptor::from(Arc::clone(&inner.config)))
    }

    /// The certificate in use.
    pub fn about(&self) -> Option<About> {
        self.0.as_ref().map(|inner| inner.current.get().about)
    }

    /// The root that signed it, when it is of our own authority.
    pub fn root(&self) -> Option<Root> {
        match self.0.as_ref().map(|inner| &inner.source) {
            Some(Source::Authority(authority)) => Some(authority.root()),
            _ => None,
        }
    }

    /// Takes the certificate anew if its files have changed or it is about to end; true when it did. Files that cannot be served
    /// are told once, and the old certificate stays.
    pub fn refresh(&self, now: Timestamp) -> Result<bool> {
        let Some(inner) = &self.0 else { return Ok(false) };
        let old = inner.current.get();
        let seen = match &inner.source {
            Source::Files(files) => files.fingerprint(),
            Source::Authority(authority) if authority.is_due(&old.about, now) => [0; 32],
            Source::Authority(_) | Source::Acme(_) => return Ok(false),
        };
        let mut refused = inner.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if seen == old.fingerprint || *refused == Some(seen) {
            return Ok(false);
        }
        let loaded = inner.source.load(now).and_then(|loaded| match loaded.about.not_after < now {
            true => Err(anyhow!("{} ended on {}", loaded.about.path.display(), loaded.about.not_after).into()),
            false => Ok(loaded),
        });
        match loaded {
            Ok(loaded) => {
                tracing::info!("a new certificate is in use: {}", loaded.about.path.display());
                *refused = None;
                inner.current.set(loaded);
                Ok(true)
            }
            Err(error) => {
                *refused = Some(seen);
                Err(anyhow!("the new certificate cannot be used, the old one stays: {error}").into())
            }
        }
    }

    /// Fetches the next certificate, where one is fetched and it is time; true when it did. A failure is told, the old one stays,
    /// and it is not tried again for a while.
    pub async fn fetch(&self, now: Timestamp) -> Result<bool> {
        let Some(inner) = &self.0 else { return Ok(false) };
        let Source::Acme(acme) = &inner.source else { return Ok(false) };
        if !acme.is_due(&inner.current.get(), now) || !acme.may_try(now) {
            return Ok(false);
        }
        let loaded = acme.order(&inner.current.challenges, now).await?;
        tracing::info!("a new certificate is in use, good until {}", loaded.about.not_after);
        inner.current.set(loaded);
        Ok(true)
    }
}

impl Source {
    fn load(&self, now: Timestamp) -> Result<Loaded> {
        match self {
            Self::Files(files) => files.load(),
            Self::Authority(authority) => authority.leaf(now),
            Self::Acme(acme) => acme.leaf(now),
        }
    }
}

/// Looks at the certificate that the settings name, without changing anything; `None` when TLS is off, or when the authority has
/// made none yet. Fails with a sentence.
pub fn look(settings: &Settings, data: &Path) -> Result<Option<About>> {
    let files = match settings.mode {
        Mode::Auto => Authority::made_leaf(data),
        Mode::Files => Files::of(settings)?,
        Mode::Acme => {
            acme::check(settings)?;
            acme::fetched(settings, data)
        }
    };
    Ok(files.map(|files| files.load()).transpose()?.map(|loaded| loaded.about))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn config(min: MinVersion, resolver: Arc<Current>) -> Result<ServerConfig> {
    let versions = match min {
        MinVersion::Tls13 => vec![&TLS13],
        MinVersion::Tls12 => vec![&TLS13, &TLS12],
    };
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&versions);
    let builder = builder.context("choosing the versions of TLS")?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
