//! What a supervisor asks: is it up, can it serve.

use axum::extract::State;

use super::Tenants;
use crate::error::{Error, Result};
use crate::http::Problem;

/// The process is up.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The control store is open and the keys are there.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
pub async fn readyz(State(tenants): State<Tenants>) -> Result<String> {
    let reads = tenants.control().read(|conn| Ok(conn.query_row("select 1", [], |row| row.get::<_, i64>(0))?)).await;
    if reads.is_err() || tenants.jwt_keys().is_empty() {
        let reason = "The control store cannot be read; \u{201c}pulsepoint doctor\u{201d} says why.";
        return Err(Error::Unavailable { code: "not_ready", reason: reason.into(), retry_after_secs: 5 });
    }
    // One broken tenant is no reason to send everybody else away.
    Ok(match tenants.out_of_use() {
        0 => "ready\n".to_owned(),
        1 => "ready, but 1 tenant is out of use\n".to_owned(),
        many => format!("ready, but {many} tenants are out of use\n"),
    })
}
