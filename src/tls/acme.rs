//! `--tls acme`: a certificate from an authority that speaks ACME (RFC 8555), Let's Encrypt by default. The proof is TLS-ALPN-01
//! (RFC 8737): the authority comes to the same port, so no second one needs to be open and no zone needs a key.
//!
//! The account and the certificate lie in the data folder, in a folder of each directory's own, so that trying a staging
//! directory does not spoil what the real one gave.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, anyhow};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate};
use tokio_rustls::rustls::sign::CertifiedKey;
use url::Url;

use super::authority::{good_for, write};
use super::certificate::{Files, Loaded};
use super::settings::Settings;
use super::{About, provider};
use crate::error::Result;
use crate::outgoing::Allowed;

/// What the authority's own connection asks for.
pub const PROTOCOL: &[u8] = b"acme-tls/1";
/// An authority that does not answer is given up.
const PATIENCE: Duration = Duration::from_secs(180);
/// Waits after failures: Let's Encrypt counts five of a name an hour.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(12);

/// The proofs that are asked for now, by name.
#[derive(Debug, Default)]
pub(super) struct Challenges(RwLock<BTreeMap<String, Arc<CertifiedKey>>>);

impl Challenges {
    /// Whether this is the authority at the door.
    pub(super) fn are_asked(hello: &ClientHello<'_>) -> bool {
        hello.alpn().is_some_and(|mut protocols| protocols.next() == Some(PROTOCOL) && protocols.next().is_none())
    }

    pub(super) fn get(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name?).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Arc<CertifiedKey>>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What is ordered, where, and when it was last tried.
pub(super) struct Acme {
    folder: PathBuf,
    directory: String,
    root: Option<PathBuf>,
    contact: Option<String>,
    names: Vec<String>,
    wait: Mutex<Wait>,
}

/// How long to leave the authority alone.
#[derive(Clone, Copy, Default)]
struct Wait {
    until: Option<Timestamp>,
    next: Option<SignedDuration>,
}

impl Acme {
    /// As the settings say.
    pub(super) fn open(settings: &Settings, data: &Path) -> Result<Self> {
        check(settings)?;
        let folder = folder(settings, data);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.with_context(|| format!("making the folder {}", folder.display()))?;
        let mut names: Vec<String> = settings.names.iter().map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        Ok(Self {
            folder,
            directory: settings.acme_directory.clone(),
            root: Some(settings.acme_root.clone()).filter(|root| !root.as_os_str().is_empty()),
            contact: Some(settings.acme_contact.clone()).filter(|contact| !contact.is_empty()),
            names,
            wait: Mutex::default(),
        })
    }

    /// The certificate that is there, or one of our own making, so that the authority finds an open door.
    pub(super) fn leaf(&self, now: Timestamp) -> Result<Loaded> {
        let files = files(&self.folder);
        match files.certificate.exists() {
            true => files.load(),
            false => self.placeholder(now),
        }
    }

    fn placeholder(&self, now: Timestamp) -> Result<Loaded> {
        let key = KeyPair::generate().context("making a key")?;
        let mut params = CertificateParams::new(self.names.clone()).context("naming the certificate")?;
        good_for(&mut params, now, 1);
        let certificate = params.self_signed(&key).context("signing the certificate")?;
        let about = About { path: files(&self.folder).certificate, not_before: now, not_after: now };
        Ok(Loaded { key: certified(&certificate, &key)?, about, fingerprint: [0; 32] })
    }

    /// Whether another should be ordered: a third of its time is left, or a name is missing.
    pub(super) fn is_due(&self, loaded: &Loaded, now: Timestamp) -> bool {
        let (from, to) = (loaded.about.not_before, loaded.about.not_after);
        let left = to.duration_since(now);
        left * 3 < to.duration_since(from) || to <= now || !self.covers(loaded)
    }

    fn covers(&self, loaded: &Loaded) -> bool {
        let Ok(leaf) = loaded.key.end_entity_cert() else { return false };
        let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return false };
        self.names.iter().all(|name| {
            ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
        })
    }

    /// Whether the last failure was long enough ago.
    pub(super) fn may_try(&self, now: Timestamp) -> bool {
        self.wait().until.is_none_or(|until| until <= now)
    }

    /// Orders a certificate, and keeps it. After a failure it is not tried again for a while.
    pub(super) async fn order(&self, challenges: &Challenges, now: Timestamp) -> Result<Loaded> {
        let ordered = tokio::time::timeout(PATIENCE, self.fetch(challenges)).await;
        challenges.change(BTreeMap::clear);
        let failed = match ordered {
            Ok(Ok(pem)) => {
                *self.wait() = Wait::default();
                let files = files(&self.folder);
                write(&files.certificate, &pem)?;
                return files.load();
            }
            Ok(Err(error)) => error,
            Err(_) => anyhow!("the authority did not answer within {} s", PATIENCE.as_secs()),
        };
        let wait = self.wait().next.unwrap_or(FIRST_WAIT);
        *self.wait() = Wait { until: Some(now + wait), next: Some((wait * 2).min(LONGEST_WAIT)) };
        let (names, directory, minutes) = (self.names.join(", "), &self.directory, wait.as_mins());
        Err(anyhow!("no certificate for {names} from {directory}; tried again in {minutes} minutes: {failed:#}").into())
    }

    fn wait(&self) -> MutexGuard<'_, Wait> {
        self.wait.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The certificate, those above it and its key, as one PEM.
    async fn fetch(&self, challenges: &Challenges) -> anyhow::Result<String> {
        let account = self.account().await.context("the account")?;
        let identifiers: Vec<Identifier> = self.names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await.context("the order")?;
        prove(&mut order, challenges).await?;
        let status =
            order.poll_ready(&RetryPolicy::default().timeout(PATIENCE)).await.context("waiting for the proof")?;
        if status != OrderStatus::Ready {
            return Err(anyhow!("the order is {status:?}"));
        }
        let key = KeyPair::generate().context("making a key")?;
        let request = CertificateParams::new(self.names.clone())?.serialize_request(&key)?;
        order.finalize_csr(request.der()).await.context("asking for the certificate")?;
        let chain =
            order.poll_certificate(&RetryPolicy::default().timeout(PATIENCE)).await.context("the certificate")?;
        Ok(format!("{}\n{}", chain.trim_end(), key.serialize_pem()))
    }

    /// The account at this directory, made if there is none.
    async fn account(&self) -> anyhow::Result<Account> {
        let builder = match &self.root {
            Some(root) => Account::builder_with_root(root),
            None => Account::builder(),
        }?;
        let path = self.folder.join("account.json");
        if let Ok(kept) = std::fs::read_to_string(&path) {
            let credentials: AccountCredentials =
                serde_json::from_str(&kept).with_context(|| format!("{} is no account: remove it", path.display()))?;
            return Ok(builder.from_credentials(credentials).await?);
        }
        let contact = self.contact.as_ref().map(|mail| format!("mailto:{mail}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&new, self.directory.clone(), None).await?;
        write(&path, &serde_json::to_string(&credentials)?).map_err(anyhow::Error::from)?;
        Ok(account)
    }
}

/// Fails with a sentence on what no authority would take.
pub(super) fn check(settings: &Settings) -> Result<()> {
    if settings.names.is_empty() {
        return Err(anyhow!("tls.mode is acme, but tls.names is empty: name what browsers call this server").into());
    }
    if !settings.acme_accept_terms {
        let directory = &settings.acme_directory;
        let said = format!("the authority at {directory} has terms: read them, then set tls.acme_accept_terms = true");
        return Err(anyhow!(said).into());
    }
    let directory = &settings.acme_directory;
    let url = Url::parse(directory).map_err(|error| anyhow!("tls.acme_directory is no address: {error}"))?;
    // The library sends by itself, so what may be asked at all is asked here.
    Allowed::by(&url).map_err(|why| anyhow!("tls.acme_directory {directory} {why}"))?;
    for name in &settings.names {
        let host = matches!(ServerName::try_from(name.as_str()), Ok(ServerName::DnsName(_)));
        if !host || name == "localhost" || name.contains('*') {
            let said = format!("tls.names: \"{name}\" is no host name that an authority can come to");
            return Err(anyhow!(said).into());
        }
    }
    Ok(())
}

/// Lays out the proof of every name that is not proven yet, and says so.
async fn prove(order: &mut Order, challenges: &Challenges) -> anyhow::Result<()> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => return Err(anyhow!("a name cannot be proven: {other:?}")),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or_else(|| anyhow!("the authority offers no proof by TLS-ALPN-01"))?;
        let name = challenge.identifier().to_string();
        let proof = proof(&name, challenge.key_authorization().digest().as_ref())?;
        challenges.change(|all| drop(all.insert(name, proof)));
        challenge.set_ready().await?;
    }
    Ok(())
}

/// The certificate that RFC 8737 wants to be shown.
fn proof(name: &str, digest: &[u8]) -> anyhow::Result<Arc<CertifiedKey>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    certified(&params.self_signed(&key)?, &key)
}

/// Not checked, since a proof carries what no client would accept.
fn certified(certificate: &rcgen::Certificate, key: &KeyPair) -> anyhow::Result<Arc<CertifiedKey>> {
    let private =
        PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).map_err(|error| anyhow!("a key: {error}"))?;
    let private = provider().key_provider.load_private_key(private)?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], private)))
}

/// Where a certificate of these settings lies, if one was fetched.
pub(super) fn fetched(settings: &Settings, data: &Path) -> Option<Files> {
    Some(files(&folder(settings, data))).filter(|files| files.certificate.exists())
}

fn folder(settings: &Settings, data: &Path) -> PathBuf {
    let of: String = Sha256::digest(&settings.acme_directory)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    data.join("tls").join(format!("acme-{of}"))
}

/// One file holds both, so that a crash cannot leave the one of another pair than the other.
fn files(folder: &Path) -> Files {
    let both = folder.join("certificate.pem");
    Files { certificate: both.clone(), key: both }
}
