//! What open pages are told while integrations work: how each is, and how far.

use serde::Serialize;
use tokio::sync::broadcast;

use super::State;
use super::store::streams::Stream;
use crate::connectors::Progress;
use crate::tenants::Tenant;

/// News that a slow listener may be behind.
const BUS: usize = 64;

/// News of an integration.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct News {
    /// The integration's id.
    pub integration: String,
    /// Row id of the brand; not told.
    #[serde(skip)]
    pub brand_id: i64,
    /// The brand's id.
    pub brand: String,
    /// How it is.
    pub state: State,
    /// The stream that moved, where one did.
    pub stream: Option<String>,
    /// Rows of the stream that landed so far.
    pub rows: Option<u64>,
    /// How far the stream's pass is, where that can be told.
    #[schema(value_type = Option<ProgressView>)]
    pub progress: Option<Progress>,
}

/// How far a pass is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProgressView {
    /// So many of `total` are done, in any unit.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

struct Bus(broadcast::Sender<News>);

/// News of a tenant's integrations from now on.
pub fn news(tenant: &Tenant) -> broadcast::Receiver<News> {
    tenant.slot(bus).0.subscribe()
}

fn bus() -> Bus {
    Bus(broadcast::Sender::new(BUS))
}

/// Tells whoever listens.
pub(super) fn tell(tenant: &Tenant, news: News) {
    // Nobody listening is fine: the store has it all.
    let _ = tenant.slot(bus).0.send(news);
}

impl News {
    /// News of an integration, and of one of its streams.
    pub(super) fn of(uid: &str, (brand_id, brand): (i64, &str), state: State, stream: Option<&Stream>) -> Self {
        Self {
            integration: uid.to_owned(),
            brand_id,
            brand: brand.to_owned(),
            state,
            stream: stream.map(|stream| stream.name.clone()),
            rows: stream.map(|stream| u64::try_from(stream.rows).unwrap_or_default()),
            progress: stream.and_then(|stream| stream.progress),
        }
    }
}
