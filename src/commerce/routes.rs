//! Taking demo data away over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::remove_demo as wipe;
use crate::auth::Member;
use crate::brands;
use crate::clock::Clock;
use crate::error::Result;
use crate::http::{Path, Problem};

/// Deletes everything of a demo brand, which is an ordinary empty brand afterwards.
#[utoipa::path(delete, path = "/api/brands/{brand}/demo", tag = "brands", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn remove_demo(member: Member, State(clock): State<Clock>, Path(key): Path<String>) -> Result<StatusCode> {
    let (by, now, reach) = (member.author(), clock.system_time(), member.reach.clone());
    let write = member.tenant.db().write(move |tx| {
        let brand = brands::get(tx, &reach, &key)?;
        let seq = wipe(tx, &brand, now.as_millisecond())?;
        by.tell(tx, now, "brand.demo_removed", &format!("brand:{}", brand.uid), json!({}))?;
        Ok((brand.id, seq))
    });
    let (brand, seq) = write.await?;
    member.tenant.announce(brand, seq);
    Ok(StatusCode::NO_CONTENT)
}
