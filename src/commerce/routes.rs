//! Taking demo data away over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::Transaction;
use serde_json::json;

use super::remove_demo as wipe;
use crate::auth::Member;
use crate::brands::{self, Altered, Brand};
use crate::clock::Clock;
use crate::error::Result;
use crate::http::{Path, Problem};

/// Deletes everything of a demo brand, which is an ordinary empty brand afterwards.
#[utoipa::path(delete, path = "/api/brands/{brand}/demo", tag = "brands", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove_demo(member: Member, State(clock): State<Clock>, Path(key): Path<String>) -> Result<StatusCode> {
    let now = clock.system_time();
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let seq = wipe(tx, brand, now.as_millisecond())?;
        Ok(Altered::told((), "brand.demo_removed", json!({})).announced(seq))
    };
    brands::alter(&member, now, key, write).await?;
    Ok(StatusCode::NO_CONTENT)
}
