//! The bridge over HTTP: the walk, the orders behind each step, and the totals that people enter.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::{Timestamp, ToSpan};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::bridge::{Bridge, Days, bridge as walk};
use super::claim_routes;
use super::credited::{Part, Pick};
use super::statements::{self, Statement, StatementInput};
use super::steps::{self, Behind, StepId};
use super::{Definition, sections};
use crate::attribution::AttributionModel;
use crate::auth::Member;
use crate::brands::{self, Altered, Brand};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{Json, Path, Problem, Query};
use crate::metrics::calendar::read_day;
use crate::money::{Currency, format_micros};
use crate::warehouse;

/// Rows of a page unless asked.
const ROWS: u32 = 100;
const MOST_ROWS: u32 = 1_000;

/// A window of the brand's days.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct BridgeParams {
    /// The first day, YYYY-MM-DD. Without `from` and `to`: the last 30 days, ending yesterday.
    from: Option<String>,
    /// The day after the last.
    to: Option<String>,
    /// first_touch, last_touch (the default), last_non_direct, linear, position_based, time_decay: who is credited with an order.
    model: Option<String>,
}

/// What lies behind a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BehindStep {
    Zone,
    TestOrders,
    Cancelled,
    Taxes,
    Shipping,
    Tips,
    Duties,
    GiftCards,
    Discounts,
    RefundDate,
    /// Every order and refund with what it became in the brand's currency.
    Currency,
    /// Orders whose own total is not what their parts come to.
    Residual,
    /// Orders that no touch explains, in the brand's currency as the two below.
    Unattributed,
    /// Orders credited to channels that claim nothing.
    OtherChannels,
    /// Orders credited to channels that claim: what stands beside the claims.
    Credited,
}

/// Which orders to list. A shop's step needs `store` and `currency`; `unattributed`, `other_channels` and `credited` are the brand's and
/// take the model, `credited` also the day, channel and campaign of a claim.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct OrdersParams {
    /// The first day, YYYY-MM-DD.
    from: Option<String>,
    /// The day after the last.
    to: Option<String>,
    /// The store's name.
    store: Option<String>,
    /// The shop's currency.
    currency: Option<String>,
    /// The step.
    #[param(inline)]
    step: Option<BehindStep>,
    /// As of the bridge.
    model: Option<String>,
    /// Of `credited`: on this day.
    day: Option<String>,
    /// Of `credited`: to this channel.
    channel: Option<String>,
    /// Of `credited`: to this campaign; empty for what names none.
    campaign: Option<String>,
    /// Rows to leave out at the start.
    offset: u32,
    /// Rows of the page, 1 to 1,000; 100 where it is absent.
    limit: Option<u32>,
}

/// The orders behind a step, the largest first.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OrdersBehind)]
pub struct OrderList {
    orders: Vec<OrderView>,
    /// There are more.
    truncated: bool,
}

/// An order behind a step.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OrderBehindView)]
pub struct OrderView {
    /// The order's name; null of a refund whose order is not known.
    pub(super) order: Option<String>,
    /// The source's own id of the order.
    pub(super) external_id: Option<String>,
    /// The source's own id of a refund whose order is not known; of `currency` and of what is credited the refunds' day.
    pub(super) refund: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) placed_at: Option<Timestamp>,
    /// Decimal text in the shop's currency; of what is credited in the brand's.
    pub(super) amount: String,
    /// Of the step `currency`: in the brand's currency, null without a rate.
    pub(super) converted: Option<String>,
    /// Of what is credited: to whom.
    pub(super) channels: Vec<String>,
}

/// The totals that were entered.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TotalList {
    totals: Vec<TotalView>,
}

/// A total that a person read in a shop's report.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TotalView {
    id: String,
    store: Option<String>,
    from: String,
    to: String,
    amount: String,
    currency: String,
    timezone: String,
    counts: Definition,
}

fn view(total: Statement) -> TotalView {
    TotalView {
        id: total.uid,
        store: total.store,
        from: total.from.to_string(),
        to: total.until.to_string(),
        amount: format_micros(total.amount_micros.into(), total.currency.decimals()),
        currency: total.currency.to_string(),
        timezone: total.timezone,
        counts: total.definition,
    }
}

pub(super) async fn days(member: &Member, key: String, from: &str, to: &str) -> Result<Days> {
    let reach = member.reach.clone();
    let brand = member.tenant.db().read(move |conn| brands::get(conn, &reach, &key)).await?;
    Days::read(brand, from, to)
}

async fn recent(member: &Member, key: String, now: Timestamp) -> Result<Days> {
    let reach = member.reach.clone();
    let brand = member.tenant.db().read(move |conn| brands::get(conn, &reach, &key)).await?;
    let today = now.to_zoned(brand.timezone.clone()).date();
    Ok(Days { from: today.saturating_sub(30.days()), until: today, brand })
}

/// Who is credited with an order.
pub(super) fn model(text: Option<&str>) -> Result<AttributionModel> {
    let known = text
        .map(|text| AttributionModel::parse(text).ok_or_else(|| Error::invalid("model", "There is no such model.")));
    Ok(known.transpose()?.unwrap_or_default())
}

/// How many rows a page has.
pub(super) fn rows(limit: Option<u32>) -> Result<u32> {
    let limit = limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Error::invalid_code("bad_limit", Some("limit"), format!("A page has 1 to {MOST_ROWS} rows.")));
    }
    Ok(limit)
}

/// The rows of a page, and one more that tells whether there are others.
pub(super) fn page_of(offset: u32, limit: u32) -> (usize, usize) {
    (offset as usize, limit as usize + 1)
}

impl OrdersParams {
    /// What of the credits is asked for; nothing where the step is a shop's.
    fn credited(&self, step: BehindStep) -> Result<Option<(AttributionModel, Part, Pick)>> {
        let part = match step {
            BehindStep::Unattributed => Part::Unattributed,
            BehindStep::OtherChannels => Part::OtherChannels,
            BehindStep::Credited => Part::Credited,
            _ => return Ok(None),
        };
        let day = self
            .day
            .as_deref()
            .map(|text| read_day(text).ok_or_else(|| Error::invalid("day", "A day is written YYYY-MM-DD.")));
        let pick = Pick { day: day.transpose()?, channel: self.channel.clone(), campaign: self.campaign.clone() };
        let fields = [("store", self.store.is_some()), ("currency", self.currency.is_some())];
        let picked =
            [("day", self.day.is_some()), ("channel", pick.channel.is_some()), ("campaign", pick.campaign.is_some())];
        let picked = picked.into_iter().filter(|_| part != Part::Credited);
        if let Some((field, _)) = fields.into_iter().chain(picked).find(|(_, given)| *given) {
            return Err(Error::invalid(field, "This step takes no such thing."));
        }
        Ok(Some((model(self.model.as_deref())?, part, pick)))
    }
}

/// From each shop's own total to our net sales and the platforms' claims.
#[utoipa::path(get, path = "/api/brands/{brand}/bridge", tag = "bridge",
    params(("brand" = String, Path, description = "Id or slug"), BridgeParams), responses(
    (status = 200, body = Bridge), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn bridge(
    member: Member,
    State(clock): State<Clock>,
    Path(key): Path<String>,
    Query(params): Query<BridgeParams>,
) -> Result<Json<Bridge>> {
    let days = match (&params.from, &params.to) {
        (None, None) => recent(&member, key, clock.now()).await?,
        (from, to) => days(&member, key, from.as_deref().unwrap_or(""), to.as_deref().unwrap_or("")).await?,
    };
    Ok(Json(walk(&member.tenant, &days, model(params.model.as_deref())?, clock.now()).await?))
}

/// The orders behind a step.
#[utoipa::path(get, path = "/api/brands/{brand}/bridge/orders", tag = "bridge",
    params(("brand" = String, Path, description = "Id or slug"), OrdersParams), responses(
    (status = 200, body = OrderList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn orders(
    member: Member,
    Path(key): Path<String>,
    Query(params): Query<OrdersParams>,
) -> Result<Json<OrderList>> {
    // Whose brand it is comes first: who may not know of it learns nothing of what else is wrong.
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let days = days(&member, key, &text(&params.from), &text(&params.to)).await?;
    let limit = rows(params.limit)?;
    let step = params.step.ok_or_else(|| Error::invalid("step", "Say the step whose orders are wanted."))?;
    let mut orders = match params.credited(step)? {
        Some(asked) => claim_routes::credited(&member, &days, asked, page_of(params.offset, limit)).await?,
        None => {
            let currency = params.currency.as_deref().and_then(Currency::parse);
            let currency =
                currency.ok_or_else(|| Error::invalid("currency", "Say the shop's currency, as ISO 4217 has it."))?;
            let store = params.store.ok_or_else(|| Error::invalid("store", "Say the store."))?;
            let page = (i64::from(params.offset), i64::from(limit) + 1);
            behind(&member, &days, (store, currency, step), page).await?
        }
    };
    let truncated = orders.len() > limit as usize;
    orders.truncate(limit as usize);
    Ok(Json(OrderList { orders, truncated }))
}

async fn behind(
    member: &Member,
    days: &Days,
    (store, currency, step): (String, Currency, BehindStep),
    page: (i64, i64),
) -> Result<Vec<OrderView>> {
    let asked = days.clone();
    let read = member.tenant.db().read(move |conn| {
        let shops = asked.shops(conn)?;
        let shop = shops.into_iter().find(|shop| shop.store == store && shop.scope.currency == currency.code());
        let shop = shop.ok_or(Error::NotFound)?;
        let found = match (walked(step), step) {
            (Some(id), _) => steps::behind(conn, id, (&shop.definition, &shop.scope), page)?,
            (None, BehindStep::Residual) => steps::off(conn, &shop.scope, page)?,
            (None, _) => Vec::new(),
        };
        Ok((found, shop.scope.store_id))
    });
    let (found, store_id) = read.await?;
    if step != BehindStep::Currency {
        return Ok(found.into_iter().map(|one| order(one, currency)).collect());
    }
    let duck = warehouse::of(&member.tenant);
    duck.caught_up(&member.tenant).await?;
    let (brand_id, window, home) = (days.brand.id, (days.from, days.until), days.brand.currency);
    let read = duck.query(move |conn| sections::converted(conn, (brand_id, store_id, currency.code()), window, page));
    let rows = read.await?.into_iter().map(|row| OrderView {
        order: row.order,
        external_id: row.external_id,
        refund: row.refund.then(|| row.day.clone()),
        placed_at: None,
        amount: format_micros(row.native.into(), currency.decimals()),
        converted: row.converted.map(|amount| format_micros(amount.into(), home.decimals())),
        channels: Vec::new(),
    });
    Ok(rows.collect())
}

fn walked(step: BehindStep) -> Option<StepId> {
    Some(match step {
        BehindStep::Zone => StepId::Zone,
        BehindStep::TestOrders => StepId::TestOrders,
        BehindStep::Cancelled => StepId::Cancelled,
        BehindStep::Taxes => StepId::Taxes,
        BehindStep::Shipping => StepId::Shipping,
        BehindStep::Tips => StepId::Tips,
        BehindStep::Duties => StepId::Duties,
        BehindStep::GiftCards => StepId::GiftCards,
        BehindStep::Discounts => StepId::Discounts,
        BehindStep::RefundDate => StepId::RefundDate,
        BehindStep::Currency | BehindStep::Residual => return None,
        BehindStep::Unattributed | BehindStep::OtherChannels | BehindStep::Credited => return None,
    })
}

fn order(one: Behind, currency: Currency) -> OrderView {
    OrderView {
        order: one.order,
        external_id: one.external_id,
        refund: one.refund,
        placed_at: one.placed_at.and_then(|at| Timestamp::from_second(at).ok()),
        amount: format_micros(one.amount.into(), currency.decimals()),
        converted: None,
        channels: Vec::new(),
    }
}

/// The totals that were entered, the latest first.
#[utoipa::path(get, path = "/api/brands/{brand}/bridge/totals", tag = "bridge", params(("brand" = String, Path, description = "Id or slug")),
    responses((status = 200, body = TotalList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn totals(member: Member, Path(key): Path<String>) -> Result<Json<TotalList>> {
    let reach = member.reach;
    let read = member.tenant.db().read(move |conn| {
        let brand = brands::get(conn, &reach, &key)?;
        statements::list(conn, brand.id)
    });
    Ok(Json(TotalList { totals: read.await?.into_iter().map(view).collect() }))
}

/// Enters the total of a shop's own report.
#[utoipa::path(post, path = "/api/brands/{brand}/bridge/totals", tag = "bridge", params(("brand" = String, Path, description = "Id or slug")),
    request_body = StatementInput,
    responses((status = 201, body = TotalView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn state(
    member: Member,
    State(clock): State<Clock>,
    Path(key): Path<String>,
    Json(body): Json<StatementInput>,
) -> Result<(StatusCode, Json<TotalView>)> {
    let at = clock.system_time();
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        let total = statements::add(tx, brand.id, Statement::parse(&body, brand)?, at)?;
        let data = json!({ "total": total.uid, "store": total.store, "from": total.from.to_string(),
            "to": total.until.to_string(), "amount_micros": total.amount_micros, "currency": total.currency.code() });
        Ok(Altered::told(total, "bridge.total_entered", data))
    };
    Ok((StatusCode::CREATED, Json(view(brands::alter(&member, at, key, write).await?))))
}

/// Takes an entered total away.
#[utoipa::path(delete, path = "/api/brands/{brand}/bridge/totals/{id}", tag = "bridge",
    params(("brand" = String, Path, description = "Id or slug"), ("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn withdraw(
    member: Member,
    State(clock): State<Clock>,
    Path((key, id)): Path<(String, String)>,
) -> Result<StatusCode> {
    let write = move |tx: &Transaction<'_>, brand: &Brand| {
        statements::remove(tx, brand.id, &id)?;
        Ok(Altered::told((), "bridge.total_removed", json!({ "total": id })))
    };
    brands::alter(&member, clock.system_time(), key, write).await?;
    Ok(StatusCode::NO_CONTENT)
}
