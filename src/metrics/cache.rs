//! Dashboards, ready to send: bounded in bytes, shared fairly between tenants, computed once for many who wait.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use moka::future::Cache;
use moka::notification::RemovalCause;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::tenants::TenantId;

/// Bytes of all pages together, unless set.
pub const BYTES: u64 = 64 << 20;
/// A page is dropped after this long even if nothing changed.
const LIFETIME: Duration = Duration::from_secs(3_600);
/// One tenant holds at most this part of all bytes.
const SHARE: u64 = 8;
/// What an entry costs besides its bytes.
const OVERHEAD: u32 = 512;

/// A page as it is sent.
#[derive(Debug)]
pub struct Page {
    /// Strong, without quotes.
    tag: String,
    body: Bytes,
    packed: OnceLock<Bytes>,
}

impl Page {
    /// Of its bytes.
    pub fn new(body: Vec<u8>) -> Self {
        let tag = URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]);
        Self { tag, body: Bytes::from(body), packed: OnceLock::new() }
    }

    /// The entity tag of the form that is sent, with its quotes.
    pub fn etag(&self, packed: bool) -> String {
        if packed { format!("\"{}-gz\"", self.tag) } else { format!("\"{}\"", self.tag) }
    }

    /// Whether a list of tags (`If-None-Match`) has this page, in either form.
    pub fn is_among(&self, tags: &str) -> bool {
        tags.split(',').map(str::trim).any(|tag| {
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag == self.etag(false) || tag == self.etag(true)
        })
    }

    /// As it is.
    pub fn plain(&self) -> Bytes {
        self.body.clone()
    }

    /// Packed with gzip, once.
    pub fn packed(&self) -> Bytes {
        let pack = || {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(5));
            // Writing into memory does not fail; an empty body would be wrong, so the plain one stands in.
            match encoder.write_all(&self.body).and_then(|()| encoder.finish()) {
                Ok(packed) => Bytes::from(packed),
                Err(_) => self.body.clone(),
            }
        };
        self.packed.get_or_init(pack).clone()
    }

    /// Bytes it may come to hold: the packed form is made later, and is never larger than a third.
    fn weight(&self) -> u32 {
        u32::try_from(self.body.len() + self.body.len() / 3).unwrap_or(u32::MAX).saturating_add(OVERHEAD)
    }
}

/// What a page depends on: whose it is, and a digest of all the rest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    tenant: TenantId,
    digest: [u8; 16],
}

impl Key {
    /// `parts` must name everything that the page depends on.
    pub fn new(tenant: &TenantId, parts: &str) -> Self {
        let full = Sha256::digest(parts.as_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        Self { tenant: tenant.clone(), digest }
    }
}

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Hit,
    Miss,
    Bypass,
}

impl Origin {
    /// As `X-Cache` says it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
        }
    }
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    all: Cache<Key, Arc<Page>>,
    ledger: Arc<Mutex<Ledger>>,
    share: u64,
}

impl Default for Pages {
    fn default() -> Self {
        Self::new(BYTES)
    }
}

impl Pages {
    /// At most `bytes` for all tenants together.
    pub fn new(bytes: u64) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let told = Arc::clone(&ledger);
        let all = Cache::builder()
            .max_capacity(bytes)
            .time_to_live(LIFETIME)
            .weigher(|_: &Key, page: &Arc<Page>| page.weight())
            .eviction_listener(move |key, _, cause| {
                if cause != RemovalCause::Replaced {
                    lock(&told).forget(&key);
                }
            })
            .build();
        Self { all, ledger, share: bytes / SHARE }
    }

    /// The page, computed if it is not there. Many who ask at once wait for one.
    ///
    /// # Errors
    /// What `compute` says, told to everybody who waited for it.
    pub async fn get(&self, key: Key, compute: impl Future<Output = Result<Page>>) -> Result<(Arc<Page>, Origin)> {
        if let Some(page) = self.all.get(&key).await {
            return Ok((page, Origin::Hit));
        }
        let computed = AtomicBool::new(false);
        let work = async {
            let page = Arc::new(compute.await?);
            computed.store(true, Ordering::Relaxed);
            Ok::<_, Error>(page)
        };
        let page = self.all.try_get_with(key.clone(), work).await.map_err(told_to_all)?;
        if !computed.load(Ordering::Relaxed) {
            return Ok((page, Origin::Hit));
        }
        self.keep_to_share(key, &page).await;
        Ok((page, Origin::Miss))
    }

    /// Computes the page whether or not it is there, and keeps it.
    ///
    /// # Errors
    /// What `compute` says.
    pub async fn renew(&self, key: Key, compute: impl Future<Output = Result<Page>>) -> Result<(Arc<Page>, Origin)> {
        let page = Arc::new(compute.await?);
        self.all.insert(key.clone(), Arc::clone(&page)).await;
        self.keep_to_share(key, &page).await;
        Ok((page, Origin::Bypass))
    }

    /// Enters a page into its tenant's account and drops the tenant's oldest ones beyond its share.
    async fn keep_to_share(&self, key: Key, page: &Page) {
        let beyond = lock(&self.ledger).enter(key, page.weight(), self.share);
        for key in beyond {
            self.all.invalidate(&key).await;
        }
    }

    /// Bytes and pages that a tenant holds.
    pub fn held_by(&self, tenant: &TenantId) -> (u64, usize) {
        let ledger = lock(&self.ledger);
        ledger.accounts.get(tenant).map_or((0, 0), |account| (account.bytes, account.pages.len()))
    }
}

fn lock(ledger: &Mutex<Ledger>) -> std::sync::MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same error for everybody who waited.
fn told_to_all(shared: Arc<Error>) -> Error {
    match &*shared {
        Error::NotFound => Error::NotFound,
        Error::Invalid { code, field, reason } => Error::Invalid { code, field: field.clone(), reason: reason.clone() },
        Error::Unavailable { code, reason, retry_after_secs } => {
            Error::Unavailable { code, reason: reason.clone(), retry_after_secs: *retry_after_secs }
        }
        other => Error::Internal(anyhow::anyhow!("{other:#}")),
    }
}

/// Who holds what, the oldest first.
#[derive(Default)]
struct Ledger {
    accounts: HashMap<TenantId, Account>,
    next: u64,
}

#[derive(Default)]
struct Account {
    bytes: u64,
    pages: HashMap<Key, (u64, u32)>,
    by_age: BTreeMap<u64, Key>,
}

impl Ledger {
    /// Books a page; returns the keys to drop so that the tenant keeps to its share. The page itself stays.
    fn enter(&mut self, key: Key, weight: u32, share: u64) -> Vec<Key> {
        self.forget(&key);
        self.next += 1;
        let account = self.accounts.entry(key.tenant.clone()).or_default();
        account.bytes += u64::from(weight);
        account.by_age.insert(self.next, key.clone());
        account.pages.insert(key, (self.next, weight));
        let mut beyond = Vec::new();
        while account.bytes > share && account.pages.len() > 1 {
            let Some((_, oldest)) = account.by_age.pop_first() else { break };
            if let Some((_, weight)) = account.pages.remove(&oldest) {
                account.bytes -= u64::from(weight);
            }
            beyond.push(oldest);
        }
        beyond
    }

    fn forget(&mut self, key: &Key) {
        let Some(account) = self.accounts.get_mut(&key.tenant) else { return };
        if let Some((age, weight)) = account.pages.remove(key) {
            account.by_age.remove(&age);
            account.bytes -= u64::from(weight);
        }
        if account.pages.is_empty() {
            self.accounts.remove(&key.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn tenant(n: u8) -> TenantId {
        TenantId::parse(&format!("018f0000-0000-7000-8000-0000000000{n:02}")).expect("an id")
    }

    fn page(bytes: usize) -> Page {
        Page::new(vec![b'x'; bytes])
    }

    #[tokio::test]
    async fn many_wait_for_one() {
        let (pages, runs) = (Pages::new(1 << 20), AtomicUsize::new(0));
        let compute = || async {
            runs.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(page(100))
        };
        let key = Key::new(&tenant(1), "a");
        let all = futures_util::future::join_all((0..50).map(|_| pages.get(key.clone(), compute()))).await;
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        let misses = all.iter().filter(|one| matches!(one, Ok((_, Origin::Miss)))).count();
        assert_eq!((all.len(), misses), (50, 1));
    }

    #[tokio::test]
    async fn an_error_is_told_and_not_kept() {
        let pages = Pages::new(1 << 20);
        let key = Key::new(&tenant(1), "a");
        let failed = pages.get(key.clone(), async { Err(Error::invalid("f", "no")) }).await;
        assert!(matches!(failed, Err(Error::Invalid { .. })));
        assert!(matches!(pages.get(key, async { Ok(page(1)) }).await, Ok((_, Origin::Miss))));
    }

    #[tokio::test]
    async fn one_tenant_cannot_push_the_others_out() {
        let pages = Pages::new(80 << 10);
        let quiet = Key::new(&tenant(1), "quiet");
        pages.get(quiet.clone(), async { Ok(page(1_000)) }).await.expect("a page");
        for i in 0..200 {
            let key = Key::new(&tenant(2), &i.to_string());
            pages.get(key, async { Ok(page(1_000)) }).await.expect("a page");
        }
        let (bytes, count) = pages.held_by(&tenant(2));
        assert!(bytes <= 10 << 10 && count > 1, "{bytes} bytes in {count} pages");
        assert!(matches!(pages.get(quiet, async { Ok(page(1)) }).await, Ok((_, Origin::Hit))));
    }

    #[tokio::test]
    async fn renewing_replaces_and_books_once() {
        let pages = Pages::new(1 << 20);
        let key = Key::new(&tenant(1), "a");
        for bytes in [100, 200, 300] {
            let renewed = pages.renew(key.clone(), async move { Ok(page(bytes)) }).await.expect("a page");
            assert_eq!(renewed.1, Origin::Bypass);
        }
        let (hit, origin) = pages.get(key, async { Ok(page(1)) }).await.expect("a page");
        assert_eq!((hit.plain().len(), origin), (300, Origin::Hit));
        assert_eq!(pages.held_by(&tenant(1)).1, 1);
    }

    #[test]
    fn tags_name_the_bytes() {
        let (a, b) = (page(10), page(11));
        assert_ne!(a.etag(false), b.etag(false));
        assert!(a.is_among(&a.etag(false)) && a.is_among(&format!("\"x\", {}", a.etag(true))) && a.is_among("*"));
        assert!(!a.is_among(&b.etag(false)) && !a.is_among(""));
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*a.packed()), &mut unpacked).expect("gzip");
        assert_eq!(unpacked, a.plain());
    }
}
