//! The shop's own pages tell of visits. What comes is checked, answered at once and written a fifth of a second later, all of it in one
//! transaction: nothing is kept of an address, and nobody waits for a disk. So an answer says that a message was taken, not that it is
//! on disk: an end in order writes what waits, a loss of power loses at most what came since the last writing. Where the store cannot
//! be written to, what waits is tried again for half a minute.
//!
//! Bounded are the bytes and events of a message, the messages of an address a minute, and what waits of a tenant: who comes when that is
//! full is told to come again. Who may send is told by the origin of the page, or, of the shop's own server, by the site's secret or by an
//! API key that may `connect`.

mod agents;
pub mod message;
pub mod routes;
pub mod sites;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::task::TaskTracker;

use self::message::{MOST_BYTES, Message, Sender, Told};
use self::sites::Known;
use crate::auth::{self, Asked, Auth, Permission};
use crate::clock::Clock;
use crate::commerce::CustomerHash;
use crate::commerce::visits::{self, Hit};
use crate::error::{Error, Result};
use crate::http::{AddressKey, ClientIp, Quota};
use crate::secrets::Purpose;
use crate::tenants::{Tenant, TenantId, Tenants};

/// What comes within this time is written together.
const PAUSE: Duration = Duration::from_millis(200);
/// Where visits keep coming, figures are made anew after so many writings, and else after the last: two seconds, not a fifth of one.
const WRITINGS: usize = 10;
/// Events of one tenant that may wait.
const MOST_WAITING: usize = 20_000;
/// Events that are written together at most.
const TOGETHER: usize = 5_000;
/// Messages of one address a minute.
const OF_ADDRESS: NonZeroU32 = NonZeroU32::new(600).expect("is not zero");
/// So long is waited before what could not be written is tried again.
const AGAIN: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(16),
];
/// Events of a tenant that are remembered, so that none counts twice; half of them are forgotten at a time.
const REMEMBERED: usize = 60_000;

/// Takes visits in. Cheap to clone.
#[derive(Clone)]
pub struct Pixel(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    clock: Clock,
    queues: Mutex<HashMap<TenantId, Queue>>,
    addresses: Quota<AddressKey>,
    writing: TaskTracker,
}

/// What waits of one tenant.
#[derive(Default)]
struct Queue {
    waiting: Vec<(i64, Hit)>,
    /// Somebody writes, and will look again.
    is_written: bool,
    /// Events that came, the older half and the newer.
    seen: [HashSet<u64>; 2],
}

/// Who sends, as far as the request tells.
pub struct From<'a> {
    pub ip: ClientIp,
    pub origin: Option<&'a str>,
    /// What only the shop's own server knows.
    pub secret: Option<&'a str>,
    /// With which credentials, where it came with any.
    pub credentials: Option<&'a Asked>,
    pub agent: &'a str,
    /// The browser says that it does not want to be followed: Global Privacy Control.
    pub objects: bool,
}

impl Pixel {
    /// Of these tenants.
    pub fn new(tenants: Tenants, clock: Clock) -> Self {
        let addresses = Quota::per_minute(OF_ADDRESS, "pixel");
        let (queues, writing) = (Mutex::default(), TaskTracker::new());
        Self(Arc::new(Inner { tenants, clock, queues, addresses, writing }))
    }

    /// Takes a message for a site.
    ///
    /// # Errors
    /// `NotFound` for a site that is not there or not the key's, `SignInRequired` and `Forbidden` for a sender that may not, `TooMany`,
    /// `TooLarge`, `Invalid` for what is no message, `Unavailable` while too much waits.
    pub async fn take(&self, auth: &Auth, key: &str, from: From<'_>, body: &[u8]) -> Result<()> {
        if body.len() > MOST_BYTES {
            return Err(Error::TooLarge { reason: format!("A message has at most {MOST_BYTES} bytes.") });
        }
        let claims = from.secret.is_some() || from.credentials.is_some();
        if !claims {
            self.hear(from.ip)?;
        }
        let (tenant, brand_id, is_server) = match self.admit(auth, key, &from).await {
            // Who only says to be the shop's own server is heard no more often than anybody.
            Err(error) if claims => return Err(self.hear(from.ip).err().unwrap_or(error)),
            admitted => admitted?,
        };
        if !is_server && (from.objects || agents::is_machine(from.agent)) {
            return Ok(());
        }
        let device = (!is_server).then(|| agents::device(from.agent)).flatten();
        let message: Message = crate::http::parse_json(body)?;
        let hash = CustomerHash::new(&tenant.key().derive(Purpose::CustomerIdentity));
        let now_ms = self.0.clock.now().as_millisecond();
        let told = message.hits(&hash, brand_id, Sender { is_server, device }, now_ms)?;
        self.queue(tenant, brand_id, told)
    }

    /// Counts a message of an address.
    fn hear(&self, ip: ClientIp) -> Result<()> {
        match self.0.addresses.take(&ip.key()).refused() {
            None => Ok(()),
            Some(wait) => Err(Error::TooMany { retry_after_secs: wait }),
        }
    }

    /// The tenant and brand of a site, and whether it is the shop's own server that tells, if the sender may.
    async fn admit(&self, auth: &Auth, key: &str, from: &From<'_>) -> Result<(Tenant, i64, bool)> {
        let id = sites::tenant_of(key).ok_or(Error::NotFound)?;
        // A tenant that is closed is as good as none for a stranger.
        let tenant = match self.0.tenants.open(&id).await {
            Err(Error::Closed { .. }) => return Err(Error::NotFound),
            opened => opened?,
        };
        let site = Known::of(&tenant).get(&tenant, key).await?;
        let is_server = match (from.origin, from.secret, from.credentials) {
            (None, Some(secret), None) if site.is_secret(secret) => true,
            (None, None, Some(asked)) => {
                let member = auth::recognise_with(auth, asked, Permission::Connect).await?;
                // A site of another tenant or brand is as good as none.
                if *member.tenant.id() != id || !member.reach.holds(site.brand_id) {
                    return Err(Error::NotFound);
                }
                true
            }
            (Some(origin), None, None) if site.takes_from(origin) => false,
            (Some(_), None, None) => {
                return Err(refused("origin_not_allowed", "Pages of this origin may not send visits here."));
            }
            _ => {
                let reason = "A page sends its origin, a shop's own server the site's secret or an API key, and nothing besides.";
                return Err(refused("bad_secret", reason));
            }
        };
        Ok((tenant, site.brand_id, is_server))
    }

    fn queue(&self, tenant: Tenant, brand_id: i64, told: Vec<Told>) -> Result<()> {
        let mut queues = self.queues();
        let queue = queues.entry(tenant.id().clone()).or_default();
        if queue.waiting.len() + told.len() > MOST_WAITING {
            let reason = "More visits come than can be written.".to_owned();
            return Err(Error::Unavailable { code: "pixel_busy", reason, retry_after_secs: 1 });
        }
        for Told { hit, id } in told {
            if queue.is_new(id) {
                queue.waiting.push((brand_id, hit));
            }
        }
        if !queue.waiting.is_empty() && !std::mem::replace(&mut queue.is_written, true) {
            drop(queues);
            let pixel = self.clone();
            self.0.writing.spawn(async move { pixel.write(tenant).await });
        }
        Ok(())
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TenantId, Queue>> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits of a tenant until nothing does.
    async fn write(&self, tenant: Tenant) {
        let mut untold = BTreeMap::new();
        for writing in 1_usize.. {
            tokio::time::sleep(PAUSE).await;
            if writing.is_multiple_of(WRITINGS) || self.is_quiet(tenant.id()) {
                std::mem::take(&mut untold).into_iter().for_each(|(brand, seq)| tenant.announce(brand, seq));
            }
            let Some(hits) = self.next(tenant.id()) else { break };
            for (brand, hits) in hits {
                untold.extend(self.land(&tenant, brand, hits.into()).await.map(|seq| (brand, seq)));
            }
        }
        self.0.addresses.forget_quiet();
    }

    fn is_quiet(&self, tenant: &TenantId) -> bool {
        self.queues().get(tenant).is_none_or(|queue| queue.waiting.is_empty())
    }

    /// Writes hits of a brand, again where the store cannot be written to; meanwhile what comes waits. Returns the entry to announce.
    async fn land(&self, tenant: &Tenant, brand: i64, hits: Arc<[Hit]>) -> Option<i64> {
        let mut waits = AGAIN.into_iter();
        loop {
            let (now_ms, all) = (self.0.clock.now().as_millisecond(), Arc::clone(&hits));
            let error = match tenant.db().write(move |tx| visits::land(tx, brand, &all, now_ms)).await {
                Ok(seq) => return seq,
                Err(error) => error,
            };
            let (tenant, count) = (tenant.slug(), hits.len());
            let Some(wait) = waits.next().filter(|_| !matches!(error, Error::NotFound | Error::Closed { .. })) else {
                tracing::error!(%error, tenant, count, "visits could not be written and are lost");
                return None;
            };
            tracing::warn!(%error, tenant, count, "visits could not be written yet");
            tokio::time::sleep(wait).await;
        }
    }

    /// What is to be written next, by brand; none when it is over.
    fn next(&self, tenant: &TenantId) -> Option<Vec<(i64, Vec<Hit>)>> {
        let mut queues = self.queues();
        let queue = queues.get_mut(tenant)?;
        if queue.waiting.is_empty() {
            queue.is_written = false;
            return None;
        }
        let rest = queue.waiting.split_off(queue.waiting.len().min(TOGETHER));
        let mut by_brand: Vec<(i64, Vec<Hit>)> = Vec::new();
        for (brand, hit) in std::mem::replace(&mut queue.waiting, rest) {
            match by_brand.iter_mut().find(|(known, _)| *known == brand) {
                Some((_, hits)) => hits.push(hit),
                None => by_brand.push((brand, vec![hit])),
            }
        }
        Some(by_brand)
    }

    /// Done when all that came is written.
    pub async fn written(&self) {
        let is_over = || self.queues().values().all(|queue| !queue.is_written);
        while !is_over() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Writes what still waits, at the end.
    pub async fn close(&self) {
        self.0.writing.close();
        self.0.writing.wait().await;
    }
}

impl Queue {
    fn is_new(&mut self, id: u64) -> bool {
        if self.seen.iter().any(|half| half.contains(&id)) {
            return false;
        }
        if self.seen[1].len() >= REMEMBERED / 2 {
            self.seen.swap(0, 1);
            self.seen[1].clear();
        }
        self.seen[1].insert(id)
    }
}

fn refused(code: &'static str, reason: &str) -> Error {
    Error::SignInRequired { code, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_and_memory_is_bounded() {
        let mut queue = Queue::default();
        assert!(queue.is_new(1) && !queue.is_new(1));
        for id in 2..200_000 {
            queue.is_new(id);
            assert!(queue.seen.iter().map(HashSet::len).sum::<usize>() <= REMEMBERED);
        }
        assert!(!queue.is_new(199_999) && queue.is_new(1));
    }
}
