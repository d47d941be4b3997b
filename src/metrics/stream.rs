//! New data versions of a tenant, as they come: what makes an open page redraw.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::auth::Reach;
use crate::brands;
use crate::error::{Error, Result};
use crate::sync::{self, News};
use crate::tenants::{Change, Tenant};

/// Streams that a tenant may hold open.
const MOST_STREAMS: usize = 64;
/// A stream ends after this long; the page opens another with a token that is still good.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NewData {
    /// The brand's id.
    pub brand: String,
    /// The data version.
    pub version: i64,
}

/// One event of a stream.
pub enum Told {
    /// A brand's data has a new version.
    Data(NewData),
    /// An integration moved on.
    Sync(News),
}

struct Places(Arc<Semaphore>);

enum Next {
    Change(std::result::Result<Change, RecvError>),
    News(std::result::Result<News, RecvError>),
}

/// The landings of a tenant's brands within reach from now on, after one line for each as it is.
pub struct Landings {
    tenant: Tenant,
    reach: Reach,
    changes: Receiver<Change>,
    news: Receiver<News>,
    brands: HashMap<i64, String>,
    waiting: VecDeque<NewData>,
    ends: Instant,
    _place: OwnedSemaphorePermit,
}

impl Landings {
    /// Begins to listen.
    ///
    /// # Errors
    /// `Unavailable` when the tenant has too many streams open.
    pub async fn of(tenant: Tenant, reach: Reach) -> Result<Self> {
        let places = tenant.slot(|| Places(Arc::new(Semaphore::new(MOST_STREAMS))));
        let place = Arc::clone(&places.0).try_acquire_owned().map_err(|_| Error::Unavailable {
            code: "too_many_streams",
            reason: format!("At most {MOST_STREAMS} pages can listen at once."),
            retry_after_secs: 30,
        })?;
        let (changes, news) = (tenant.changes(), sync::news(&tenant));
        let ends = Instant::now() + LIFETIME;
        let mut landings = Self {
            tenant,
            reach,
            changes,
            news,
            brands: HashMap::new(),
            waiting: VecDeque::new(),
            ends,
            _place: place,
        };
        landings.tell_all().await?;
        Ok(landings)
    }

    async fn tell_all(&mut self) -> Result<()> {
        let mut brands = self.tenant.db().read(brands::list).await?;
        brands.retain(|brand| self.reach.holds(brand.id));
        let version = self.tenant.data_version();
        self.waiting = brands.iter().map(|brand| NewData { brand: brand.uid.clone(), version }).collect();
        self.brands = brands.into_iter().map(|brand| (brand.id, brand.uid)).collect();
        Ok(())
    }

    /// The next one; nothing when the stream is over.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Some(Told::Data(told));
            }
            let (changes, news) = (&mut self.changes, &mut self.news);
            let next = async {
                tokio::select! {
                    change = changes.recv() => Next::Change(change),
                    news = news.recv() => Next::News(news),
                }
            };
            let change = match tokio::time::timeout_at(self.ends, next).await.ok()? {
                Next::Change(change) => change,
                Next::News(Ok(news)) if self.reach.holds(news.brand_id) => return Some(Told::Sync(news)),
                Next::News(Err(RecvError::Closed)) => return None,
                // Of another brand, or some were missed: the page asks for the list by itself.
                Next::News(_) => continue,
            };
            match change {
                Ok(change) if !self.reach.holds(change.brand_id) => {}
                Ok(change) => match self.brands.get(&change.brand_id) {
                    Some(brand) => {
                        return Some(Told::Data(NewData { brand: brand.clone(), version: change.version }));
                    }
                    // A brand that is newer than this stream.
                    None => self.tell_all().await.ok()?,
                },
                // Some were missed: what counts is where things stand now.
                Err(RecvError::Lagged(_)) => self.tell_all().await.ok()?,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
