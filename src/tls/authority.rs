//! `--tls auto`: an authority of this instance's own, and the leaf it signs. Both lie in the data folder, for its owner alone:
//! whoever has the root's key can pose as any site to whoever trusts the root.

use std::fs::DirBuilder;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, date_time_ymd,
};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;

use super::certificate::{Files, Loaded};
use super::{About, validity};
use crate::error::Result;

const FOLDER: &str = "tls";
const ROOT_DAYS: i64 = 3650;
/// Under what browsers accept, and often enough that the renewal is no event.
const LEAF_DAYS: i64 = 90;
/// A leaf with less than this left is made anew; a root too, so that no leaf outlives its root.
const LEFT_DAYS: i64 = 30;
const ROOT_LEFT_DAYS: i64 = LEAF_DAYS + 1;

/// The root, as others need it.
#[derive(Clone, Debug)]
pub struct Root {
    /// The certificate's file.
    pub path: PathBuf,
    /// The certificate.
    pub pem: String,
    /// SHA-256 of the certificate, in pairs of hex digits as browsers show it.
    pub fingerprint: String,
}

pub(super) struct Authority {
    folder: PathBuf,
    key: KeyPair,
    root: Root,
    names: Vec<String>,
}

impl Authority {
    /// The authority in the data folder, made if there is none or its root is about to end. The same key makes the next root.
    pub(super) fn open(data: &Path, more: &[String], listen: IpAddr, now: Timestamp) -> Result<Self> {
        let folder = data.join(FOLDER);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.with_context(|| format!("making the folder {}", folder.display()))?;
        let key = root_key(&folder)?;
        let path = folder.join("root.pem");
        let kept = std::fs::read_to_string(&path).ok().filter(|pem| is_good(pem, &key, now));
        let pem = match kept {
            Some(pem) => pem,
            None => {
                let pem = new_root(&key, now)?;
                write(&path, &pem)?;
                tracing::warn!("made the root certificate {}: browsers have to be told to trust it", path.display());
                pem
            }
        };
        let der =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let root = Root { path, fingerprint: pairs(&Sha256::digest(&der)), pem };
        Ok(Self { folder, key, root, names: names(more, listen)? })
    }

    pub(super) fn root(&self) -> Root {
        self.root.clone()
    }

    /// Whether the leaf in use ends soon.
    pub(super) fn is_due(&self, about: &About, now: Timestamp) -> bool {
        about.not_after < now + days(LEFT_DAYS)
    }

    /// The leaf in the folder if it is good for every name and long enough, else a new one.
    pub(super) fn leaf(&self, now: Timestamp) -> Result<Loaded> {
        let files = leaf_files(&self.folder);
        if let Ok(loaded) = files.load()
            && !self.is_due(&loaded.about, now)
            && loaded.about.not_before <= now
            && self.covers(&loaded)
        {
            return Ok(loaded);
        }
        let key = KeyPair::generate().context("making a key")?;
        let mut params = CertificateParams::new(self.names.clone()).context("naming the certificate")?;
        params.distinguished_name = named("Pulsepoint");
        good_for(&mut params, now, LEAF_DAYS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::new(root_params(&self.key), &self.key);
        let leaf = params.signed_by(&key, &issuer).context("signing the certificate")?;
        write(&files.key, &key.serialize_pem())?;
        write(&files.certificate, &leaf.pem())?;
        files.load()
    }

    /// Good for every name of today, and signed under the root of today.
    fn covers(&self, loaded: &Loaded) -> bool {
        let Ok(leaf) = loaded.key.end_entity_cert() else { return false };
        let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return false };
        let issuer_name = root_name(&self.key);
        leaf.windows(issuer_name.len()).any(|part| part == issuer_name.as_bytes())
            && self.names.iter().all(|name| {
                ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
            })
    }

    /// Where the leaf lies, if one was made.
    pub(super) fn made_leaf(data: &Path) -> Option<Files> {
        Some(leaf_files(&data.join(FOLDER))).filter(|files| files.certificate.exists())
    }
}

fn leaf_files(folder: &Path) -> Files {
    Files { certificate: folder.join("leaf.pem"), key: folder.join("leaf.key") }
}

fn root_key(folder: &Path) -> Result<KeyPair> {
    let path = folder.join("root.key");
    match std::fs::read_to_string(&path) {
        Ok(pem) => Ok(KeyPair::from_pem(&pem)
            .with_context(|| format!("{} holds no key: remove it for a new authority", path.display()))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = KeyPair::generate().context("making a key")?;
            write(&path, &key.serialize_pem())?;
            Ok(key)
        }
        Err(error) => Err(anyhow!("cannot read {}: {error}", path.display()).into()),
    }
}

/// Whether a root is of this key and good for longer than a leaf.
fn is_good(pem: &str, key: &KeyPair, now: Timestamp) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(pem.as_bytes()) else { return false };
    let own = key.der_bytes();
    let long_enough = validity::of(&der).is_some_and(|(from, to)| from <= now && to > now + days(ROOT_LEFT_DAYS));
    long_enough && der.windows(own.len()).any(|part| part == own)
}

fn new_root(key: &KeyPair, now: Timestamp) -> Result<String> {
    let mut params = root_params(key);
    good_for(&mut params, now, ROOT_DAYS);
    Ok(params.self_signed(key).context("signing the root certificate")?.pem())
}

fn root_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&root_name(key));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Of the key, so that two machines' roots differ by name in a browser's list.
fn root_name(key: &KeyPair) -> String {
    format!("Pulsepoint local authority {}", pairs(&Sha256::digest(key.der_bytes())[..4]).replace(':', ""))
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// This machine's names: those everybody has, its own, the address it listens on, and those it is told.
fn names(more: &[String], listen: IpAddr) -> Result<Vec<String>> {
    let mut names = vec!["localhost".to_owned()];
    let host = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
    names.extend(
        [host].into_iter().filter(|host| matches!(ServerName::try_from(host.as_str()), Ok(ServerName::DnsName(_)))),
    );
    names.extend([IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].map(|ip| ip.to_string()));
    names.extend(Some(listen).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
    for name in more {
        if ServerName::try_from(name.as_str()).is_err() {
            return Err(anyhow!("tls.names: \"{name}\" is neither a host name nor an address").into());
        }
        names.push(name.to_lowercase());
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Whole or not at all, for its owner alone.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let writing = || format!("writing {}", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are of mode 0600, and keep it.
    let mut file = tempfile::Builder::new().prefix(".tls-").tempfile_in(folder).with_context(writing)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(writing)?;
    file.persist(path).with_context(writing)?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(writing)?;
    Ok(())
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

/// Good from yesterday, for clocks that are a little late, for so many days.
pub(super) fn good_for(params: &mut CertificateParams, now: Timestamp, n: i64) {
    let midnight = |from_now| {
        let date = (now + days(from_now)).to_zoned(TimeZone::UTC).date();
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (midnight(-1), midnight(n));
}

fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
