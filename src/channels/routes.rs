//! Channel rules over HTTP.

use axum::extract::State;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Rule, Rules, of_brand, put as store};
use crate::auth::Member;
use crate::brands::{self, Altered, Brand};
use crate::clock::Clock;
use crate::error::Result;
use crate::http::{Json, Path, Problem};

/// A brand's rules.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ChannelRulesView {
    /// Whether the brand has its own; else these are those that hold unless one has.
    own: bool,
    /// The channel of what fits none.
    otherwise: String,
    /// Tried from above; the first that fits decides. What tells nothing of where it came from is `direct` before any rule.
    rules: Vec<Rule>,
}

/// The body of `PUT /api/brands/{brand}/channels`: rules take the place of those there are. Without rules the brand goes by the usual
/// ones again.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelRulesInput {
    /// `referral` where it is absent.
    otherwise: Option<String>,
    rules: Option<Vec<Rule>>,
}

fn view(own: Option<Rules>) -> ChannelRulesView {
    let is_own = own.is_some();
    let Rules { otherwise, rules } = own.unwrap_or_else(|| Rules::usual().clone());
    ChannelRulesView { own: is_own, otherwise, rules }
}

/// Which channel a visit counts in.
#[utoipa::path(get, path = "/api/brands/{brand}/channels", tag = "channels", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 200, body = ChannelRulesView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn show(member: Member, Path(key): Path<String>) -> Result<Json<ChannelRulesView>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        of_brand(conn, brand.id)
    });
    Ok(Json(view(read.await?)))
}

/// Says which channel a visit counts in. Figures of all days are made anew.
#[utoipa::path(put, path = "/api/brands/{brand}/channels", tag = "channels", params(("brand" = String, Path, description = "Id or slug")),
    request_body = ChannelRulesInput,
    responses((status = 200, body = ChannelRulesView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn put(
    member: Member,
    State(clock): State<Clock>,
    Path(key): Path<String>,
    Json(body): Json<ChannelRulesInput>,
) -> Result<Json<ChannelRulesView>> {
    let otherwise = body.otherwise.unwrap_or_else(|| Rules::usual().otherwise.clone());
    let rules = body.rules.map(|rules| Rules { otherwise, rules }.checked()).transpose()?;
    let now = clock.system_time();
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let seq = store(tx, brand.id, rules.as_ref(), now)?;
        let data = json!({ "own": rules.is_some(), "rules": rules.as_ref().map(|own| own.rules.len()) });
        Ok(Altered::told(rules, "channels.updated", data).announced(seq))
    };
    Ok(Json(view(brands::alter(&member, now, key, write).await?)))
}
