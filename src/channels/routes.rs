//! Channel rules over HTTP.

use axum::extract::State;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Decided, Rule, Rules, of_brand, put as store};
use crate::auth::Member;
use crate::brands::{self, Altered, Brand};
use crate::clock::Clock;
use crate::commerce::Arrival;
use crate::error::{Error, Result};
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

/// The body of `POST /api/brands/{brand}/channels/try`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelTryInput {
    /// Address that somebody lands on, with what stands behind its `?`.
    address: String,
    /// Address of the page before, or its host.
    referrer: Option<String>,
    /// Rules to be tried; those that the brand goes by where they are absent.
    rules: Option<Vec<Rule>>,
    /// With rules: the channel of what fits none, `referral` where it is absent.
    otherwise: Option<String>,
}

/// What decided on a channel.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelDecision {
    /// Nothing tells where it came from.
    Direct,
    /// A rule.
    Rule,
    /// No rule fits.
    Otherwise,
}

/// The channel of an address, and what was read out of it: what a visit would be kept as.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ChannelTried {
    channel: String,
    by: ChannelDecision,
    /// Place of the rule that decided, the first is 0.
    rule: Option<usize>,
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    /// The kind of the click id.
    click_id: Option<String>,
    /// Host of the page before, where that is another's.
    referrer: Option<String>,
    landing_page: Option<String>,
}

fn tried(rules: &Rules, arrival: Arrival) -> ChannelTried {
    let (by, rule) = match rules.decided(&arrival) {
        Decided::Direct => (ChannelDecision::Direct, None),
        Decided::Rule(at) => (ChannelDecision::Rule, Some(at)),
        Decided::Otherwise => (ChannelDecision::Otherwise, None),
    };
    let channel = rules.channel(&arrival).to_owned();
    let Arrival { source, medium, campaign, click_id, referrer, landing_page, .. } = arrival;
    ChannelTried { channel, by, rule, source, medium, campaign, click_id, referrer, landing_page }
}

/// An address as people paste it: a scheme may be missing.
fn pasted(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let whole = if text.contains("://") || text.starts_with('/') { text.to_owned() } else { format!("https://{text}") };
    // Whatever is an address leads to a page.
    match Arrival::of(&whole, None).landing_page {
        Some(_) => Ok(whole),
        None => {
            Err(Error::invalid(field, "This is no address: paste one like https://shop.example/?utm_source=google."))
        }
    }
}

/// Tells which channel an address would count in, by the brand's rules or by others. Nothing is written.
#[utoipa::path(post, path = "/api/brands/{brand}/channels/try", tag = "channels",
    params(("brand" = String, Path, description = "Id or slug")), request_body = ChannelTryInput,
    responses((status = 200, body = ChannelTried), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn try_out(
    member: Member,
    Path(key): Path<String>,
    Json(body): Json<ChannelTryInput>,
) -> Result<Json<ChannelTried>> {
    let address = pasted("address", &body.address)?;
    let before = body.referrer.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let before = before.map(|text| pasted("referrer", text)).transpose()?;
    let otherwise = body.otherwise.unwrap_or_else(|| Rules::usual().otherwise.clone());
    let wanted = body.rules.map(|rules| Rules { otherwise, rules }.checked()).transpose()?;
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        of_brand(conn, brand.id)
    });
    let own = read.await?;
    let rules = wanted.or(own).unwrap_or_else(|| Rules::usual().clone());
    Ok(Json(tried(&rules, Arrival::of(&address, before.as_deref()))))
}
