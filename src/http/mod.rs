//! What every answer and every question has in common: problem answers, strict bodies and queries, request ids, the client's
//! address, headers, limits, counters and the embedded page. Knows nothing of Pulsepoint.

mod assets;
mod bans;
mod client_ip;
mod counters;
mod csv;
mod described;
mod edge;
mod headers;
mod json;
mod limits;
mod nesting;
mod problem;
mod query;
mod scope;
mod settings;

pub use assets::Assets;
pub use bans::Bans;
pub use client_ip::{AddressKey, ClientIp, Encrypted, Peer, TrustedProxies};
pub use counters::{Counters, RouteFigures};
pub use csv::{guarded, push_row};
pub use described::described;
pub use edge::{Edge, Unsound, cors, edge, within};
pub use headers::{PAGE_POLICY, RESOURCE_POLICY};
pub use json::Json;
pub use limits::{Allowance, Quota, RateLimits};
pub use problem::{CODES, Problem};
pub use query::{Path, Query};
pub use scope::{RequestId, Scope, Timings};
pub use settings::{PerMinute, PublicUrl, Settings};

pub(crate) use json::parse as parse_json;
pub(crate) use problem::bare_answer;
pub(crate) use settings::secs;
