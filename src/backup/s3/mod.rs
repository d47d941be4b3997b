//! A bucket of a store that speaks S3, as a place for sealed things.
//!
//! The administrator named the endpoint, so it may lie in their own network, as the provider of single sign-on may: nobody else can
//! make Pulsepoint ask an address here. Where an answer points elsewhere is not followed, and this machine's own network, whose
//! address 169.254.169.254 hands out credentials in many clouds, is never asked. Neither is a credential looked for anywhere but in
//! the settings.

mod bucket;
mod sender;
mod trouble;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, RetryConfig};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use url::Url;

use super::settings::{Destination, SCHEME, Store};
use super::target::{Item, Put, Target};
use crate::error::Result;
use crate::outgoing::Allowed;
use bucket::{Bucket, Conditions};
use sender::Sender;

/// A bucket and a prefix in it.
pub(super) struct S3 {
    bucket: Bucket,
    /// Requests run there: whoever waits for them blocks.
    runtime: Handle,
    address: String,
}

impl S3 {
    /// As the settings say. Asks nobody. To be called on the runtime that requests are to run on.
    ///
    /// # Errors
    /// A sentence that names the setting that is wrong.
    pub(super) fn open(destination: &Destination, settings: &Store) -> Result<Self> {
        let bucket = Self::bucket(destination, settings)?;
        let runtime = Handle::try_current().context("opening the store of the backups")?;
        Ok(Self { bucket, runtime, address: destination.to_string() })
    }

    /// Whether it could be opened. Asks nobody, and needs no runtime.
    ///
    /// # Errors
    /// As [`S3::open`].
    pub(super) fn look(destination: &Destination, settings: &Store) -> Result<()> {
        Self::bucket(destination, settings).map(drop)
    }

    fn bucket(destination: &Destination, settings: &Store) -> Result<Bucket> {
        let Destination::S3 { bucket, prefix } = destination else {
            return Err(anyhow!("backup.folder is no store").into());
        };
        if settings.access_key_id.is_empty() {
            return Err(anyhow!("backup.folder is a store, and backup.s3.access_key_id is empty").into());
        }
        let secret = settings.secret()?;
        let (endpoint, virtual_host) = endpoint(bucket, settings)?;
        let allowed = if settings.plain_http { Allowed::by_plain(&endpoint) } else { Allowed::by(&endpoint) };
        let plain =
            if endpoint.scheme() == "http" { "; in a private network backup.s3.plain_http allows it" } else { "" };
        let allowed = allowed.map_err(|why| anyhow!("backup.s3.endpoint {endpoint} {why}{plain}"))?;
        let conditions = Conditions::default();
        let patience = Duration::from_secs(settings.timeout_secs.into());
        let store = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&settings.region)
            .with_endpoint(endpoint.as_str().trim_end_matches('/'))
            .with_virtual_hosted_style_request(virtual_host)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(secret.expose_secret())
            // Of what is checked: the scheme, by what is allowed.
            .with_allow_http(true)
            .with_disable_bulk_delete(true)
            .with_retry(retry())
            .with_http_connector(Sender { allowed, patience, conditions: conditions.clone() })
            .build()
            .map_err(|error| anyhow!("backup.s3: {error}"))?;
        Ok(Bucket::new(store, prefix, conditions))
    }

    /// Waits for what runs on the runtime; when that ends, so does the waiting.
    fn wait<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        let (done, waiting) = tokio::sync::oneshot::channel();
        self.runtime.spawn(async move {
            // Nobody may be waiting any more.
            let _ = done.send(work.await);
        });
        waiting.blocking_recv().context("waiting for the store of the backups")?
    }
}

/// The address that requests go to, and whether the bucket is part of its host.
fn endpoint(bucket: &str, settings: &Store) -> Result<(Url, bool)> {
    // A certificate for *.s3.… covers no name with more dots.
    let amazon = settings.endpoint.is_empty();
    let virtual_host = settings.virtual_host || (amazon && !bucket.contains('.'));
    let text = if amazon { format!("https://s3.{}.amazonaws.com", settings.region) } else { settings.endpoint.clone() };
    let wrong = |why: &dyn Display| anyhow!("backup.s3.endpoint {text} {why}");
    let mut url = Url::parse(&text).map_err(|error| anyhow!("backup.s3.endpoint is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        // It may hold the secret, so it is not repeated.
        return Err(anyhow!("backup.s3.endpoint holds a name or password").into());
    }
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return Err(wrong(&"has more than a scheme, a host and a port").into());
    }
    if virtual_host {
        let host = url.domain().ok_or_else(|| wrong(&"has no name that a bucket could be put before"))?;
        let host = format!("{bucket}.{host}");
        url.set_host(Some(&host)).map_err(|error| wrong(&error))?;
    }
    Ok((url, virtual_host))
}

/// A store that has too much to do is asked again a few times, later each time; what fails then is tried again by whoever asked.
fn retry() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(3), base: 2.0 };
    RetryConfig { backoff, max_retries: 5, retry_timeout: Duration::from_secs(15) }
}

impl Target for S3 {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<Put> {
        let (bucket, key, bytes) = (self.bucket.clone(), self.bucket.key(name)?, Bytes::copy_from_slice(bytes));
        self.wait(async move { bucket.put(&key, bytes).await })
    }

    fn put_file(&self, name: &str, from: &Path) -> Result<Put> {
        let (bucket, key, from) = (self.bucket.clone(), self.bucket.key(name)?, from.to_owned());
        self.wait(async move { bucket.put_file(&key, from).await })
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let (bucket, key) = (self.bucket.clone(), self.bucket.key(name)?);
        self.wait(async move { bucket.get(&key).await })
    }

    fn get_file(&self, name: &str, to: &Path) -> Result<()> {
        let (bucket, key, path) = (self.bucket.clone(), self.bucket.key(name)?, to.to_owned());
        let got = self.wait(async move { bucket.get_file(&key, &path).await });
        if got.is_err() {
            // Half of it must not be taken for all of it.
            let _ = std::fs::remove_file(to);
        }
        got
    }

    fn list(&self, folder: &str) -> Result<Vec<Item>> {
        let (bucket, key) = (self.bucket.clone(), self.bucket.key(folder)?);
        self.wait(async move { bucket.list(&key).await.map(|(items, _)| items) })
    }

    fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let (bucket, key) = (self.bucket.clone(), self.bucket.key(folder)?);
        self.wait(async move { bucket.list(&key).await.map(|(_, folders)| folders) })
    }

    fn remove(&self, name: &str) -> Result<()> {
        let (bucket, key) = (self.bucket.clone(), self.bucket.key(name)?);
        self.wait(async move { bucket.remove(&key).await })
    }

    fn local(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn name_of(&self, address: &str) -> Option<String> {
        if !address.starts_with(SCHEME) {
            return Some(address.to_owned());
        }
        address.strip_prefix(&self.address)?.strip_prefix('/').map(str::to_owned)
    }

    fn describe(&self) -> String {
        self.address.clone()
    }
}
