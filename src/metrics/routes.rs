//! Figures over HTTP: the catalogue, the dashboard, the typed query, and the stream of new data.

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::catalogue::{Catalogue, GoodWhen, Kind, Unit};
use super::dashboard::{Ask, Dashboard};
use super::known::known;
use super::stream::{Landings, NewData, Told};
use super::{Answer, Asker, Origin, Page, Pages, Query, answer_query, csv, page, plan};
use crate::auth::{Member, Permission};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::http::{self, Json, Path, Problem, Timings};

/// Of the SSE stream: proxies close what is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Every metric and dimension.
#[derive(Serialize, utoipa::ToSchema)]
pub struct CatalogueView {
    metrics: Vec<MetricView>,
    dimensions: Vec<DimensionView>,
}

/// A metric.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MetricView {
    id: &'static str,
    label: &'static str,
    unit: Unit,
    /// In words.
    formula: &'static str,
    good_when: GoodWhen,
    /// The dimensions it can be split and filtered by.
    dimensions: Vec<&'static str>,
    synonyms: &'static [String],
}

/// A dimension.
#[derive(Serialize, utoipa::ToSchema)]
pub struct DimensionView {
    id: &'static str,
    label: &'static str,
    kind: Kind,
    about: &'static str,
    synonyms: &'static [String],
}

/// The catalogue.
#[utoipa::path(get, path = "/api/metrics", tag = "figures", responses(
    (status = 200, body = CatalogueView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn catalogue(_member: Member) -> Json<CatalogueView> {
    let catalogue = Catalogue::get();
    let metrics = catalogue.metrics.iter().map(|metric| MetricView {
        id: &metric.id,
        label: &metric.label,
        unit: metric.unit,
        formula: &metric.formula,
        good_when: metric.good_when,
        dimensions: plan::dimensions(metric).into_iter().map(|dim| dim.id()).collect(),
        synonyms: &metric.synonyms,
    });
    let dimensions = catalogue.dimensions.iter().map(|dimension| DimensionView {
        id: dimension.id.id(),
        label: &dimension.label,
        kind: dimension.kind,
        about: &dimension.about,
        synonyms: &dimension.synonyms,
    });
    Json(CatalogueView { metrics: metrics.collect(), dimensions: dimensions.collect() })
}

/// What every answer with figures needs at hand.
pub struct Desk {
    clock: Clock,
    pages: Pages,
    timings: Timings,
}

impl Desk {
    /// The time that windows are about.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time that events are about.
    pub fn system_time(&self) -> Timestamp {
        self.clock.system_time()
    }

    /// Runs `work` and lets `Server-Timing` say how long it took.
    ///
    /// # Errors
    /// What `work` says.
    pub async fn time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.timings.time("figures", work).await
    }
}

impl<S: Sync> FromRequestParts<S> for Desk
where
    Clock: FromRef<S>,
    Pages: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let timings = Timings::from_request_parts(parts, state).await?;
        Ok(Self { clock: Clock::from_ref(state), pages: Pages::from_ref(state), timings })
    }
}

/// The parameters of a dashboard, all optional.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct BoardParams {
    /// today, yesterday, 7d, 28d, 30d (the default), 90d, mtd, last_month, qtd, ytd, 12m, custom
    range: Option<String>,
    /// With custom: the first day.
    from: Option<String>,
    /// With custom: the day after the last.
    to: Option<String>,
    /// prev (the default), yoy, none, custom
    cmp: Option<String>,
    /// With cmp=custom: the first day.
    cmp_from: Option<String>,
    /// With cmp=custom: the day after the last.
    cmp_to: Option<String>,
    /// dow (the default) or date
    #[serde(rename = "match")]
    #[param(rename = "match")]
    matching: Option<String>,
    /// hour, day, week, month; by the window's length where absent
    grain: Option<String>,
    /// The metric of the main chart; net_sales where absent.
    metric: Option<String>,
    /// The attribution model; last_touch where absent.
    model: Option<String>,
    /// Days before an order in which a touch counts: 1, 7, 14, 28 (the default) or 90.
    window_days: Option<String>,
    /// true: a touch counts however long before the order.
    lifetime: Option<String>,
    /// Of time_decay, 1 to 365 days; 7 where absent.
    half_life_days: Option<String>,
    /// Of position_based: percent of the first, the middle and the last touch, 100 together; 40,20,40 where absent.
    position_weights: Option<String>,
    /// Of markov, 1 to 3; 1 where absent.
    markov_order: Option<String>,
    /// Which day a refund counts on, and attributed sales: refund_date (the default), order_date or touch_date.
    basis: Option<String>,
    /// Filters `dim:op:value`, all of which must hold.
    f: Vec<String>,
}

impl BoardParams {
    fn pairs(self) -> Vec<(String, String)> {
        let single = [
            ("range", self.range),
            ("from", self.from),
            ("to", self.to),
            ("cmp", self.cmp),
            ("cmp_from", self.cmp_from),
            ("cmp_to", self.cmp_to),
            ("match", self.matching),
            ("grain", self.grain),
            ("metric", self.metric),
            ("model", self.model),
            ("window_days", self.window_days),
            ("lifetime", self.lifetime),
            ("half_life_days", self.half_life_days),
            ("position_weights", self.position_weights),
            ("markov_order", self.markov_order),
            ("basis", self.basis),
        ];
        let single = single.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        single.chain(self.f.into_iter().map(|filter| ("f".to_owned(), filter))).collect()
    }
}

/// A brand's dashboard. `Cache-Control: no-cache` from a holder of `operate` computes it anew.
#[utoipa::path(get, path = "/api/brands/{brand}/dashboard", tag = "figures",
    params(("brand" = String, Path, description = "Id or slug"), BoardParams), responses(
    (status = 200, body = Dashboard), (status = 304, description = "As If-None-Match has it"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn dashboard(
    member: Member,
    desk: Desk,
    Path(brand): Path<String>,
    http::Query(params): http::Query<BoardParams>,
    headers: HeaderMap,
) -> Result<Response> {
    let ask = Ask::read(&params.pairs())?;
    let fresh = member.may(Permission::Operate) && says(&headers, &header::CACHE_CONTROL, "no-cache");
    let asker = Asker { tenant: &member.tenant, reach: &member.reach, scope: member.scope(), fresh };
    let (page, origin) = desk.timings.time("figures", page(&desk.pages, &asker, &brand, ask, desk.clock.now())).await?;
    Ok(send(&page, origin, &headers))
}

/// Whether a header's list of words has this one.
fn says(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}

/// Whether the client takes gzip: named, and not with a weight of 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn send(page: &Page, origin: Origin, asked: &HeaderMap) -> Response {
    const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
    let packed = takes_gzip(asked);
    let known =
        asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| page.is_among(tags));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = if packed { page.packed() } else { page.plain() };
        let mut response = Response::new(body.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if packed {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(page.etag(packed)) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Accept-Encoding"));
    headers.insert(X_CACHE, HeaderValue::from_static(origin.id()));
    response
}

/// How a query is answered.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct QueryParams {
    /// json (the default) or csv
    format: Option<String>,
}

/// Answers a typed query; with `Accept: text/csv` or `format=csv` as a file.
#[utoipa::path(post, path = "/api/brands/{brand}/query", tag = "figures", request_body = Query,
    params(("brand" = String, Path, description = "Id or slug"), QueryParams), responses(
    (status = 200, content((Answer = "application/json"), (String = "text/csv"))),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn query(
    member: Member,
    desk: Desk,
    Path(brand): Path<String>,
    http::Query(params): http::Query<QueryParams>,
    headers: HeaderMap,
    Json(query): Json<Query>,
) -> Result<Response> {
    let as_csv = wants_csv(params.format.as_deref(), &headers)?;
    let known = known(&member.tenant, &member.reach, &brand).await?;
    let answer = desk.timings.time("figures", answer_query(&member.tenant, &known, &query, desk.clock.now())).await?;
    let keys = answer.columns.len() - columns_of_metrics(&query);
    let file = |answer: &Answer| File {
        brand: known.brand.uid.clone(),
        name: known.brand.slug.clone(),
        metrics: query.metrics,
        rows: answer.rows.len(),
        text: csv::write(answer, keys),
    };
    answered(&member, desk.system_time(), as_csv, answer, file).await
}

/// An answer as a file.
pub struct File {
    /// The uid of the brand it is about.
    pub brand: String,
    /// Without its ending.
    pub name: String,
    /// What is in it, in the audit log's words.
    pub metrics: Vec<String>,
    /// Without the header.
    pub rows: usize,
    /// CSV.
    pub text: Vec<u8>,
}

/// Whether an answer is to be a file: by its `format`, else by what the client accepts.
///
/// # Errors
/// `Invalid` where there is no such format.
pub fn wants_csv(format: Option<&str>, headers: &HeaderMap) -> Result<bool> {
    match format {
        None => Ok(says(headers, &header::ACCEPT, "text/csv")),
        Some("json") => Ok(false),
        Some("csv") => Ok(true),
        Some(_) => Err(Error::invalid_code("unknown_format", Some("format"), "An answer comes as json or csv.")),
    }
}

/// The answer as JSON, or as the file that `written` makes of it: then the audit log gets an entry, dated `at`, before the file
/// leaves.
///
/// # Errors
/// What SQLite says where the entry cannot be written.
pub async fn answered<T, F>(member: &Member, at: Timestamp, as_csv: bool, answer: T, written: F) -> Result<Response>
where
    T: Serialize,
    F: FnOnce(&T) -> File,
{
    if !as_csv {
        return Ok(Json(answer).into_response());
    }
    let file = written(&answer);
    let (by, subject) = (member.author(), format!("brand:{}", file.brand));
    let told = json!({ "format": "csv", "metrics": file.metrics, "rows": file.rows });
    member.tenant.db().write(move |tx| by.tell(tx, at, "figures.exported", &subject, told)).await?;
    let name = format!("attachment; filename=\"{}.csv\"", file.name);
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned());
    Ok(([kind, (header::CONTENT_DISPOSITION, name)], file.text).into_response())
}

fn columns_of_metrics(query: &Query) -> usize {
    query.metrics.len() * if query.compare.is_some() { 4 } else { 1 }
}

/// New data versions as they come: events `data` with `{brand, version}`, one for each brand at the start; and events `sync` as
/// integrations move on, with `{integration, brand, state, stream, rows, progress}`.
#[utoipa::path(get, path = "/api/stream", tag = "figures", responses(
    (status = 200, body = NewData, content_type = "text/event-stream"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub async fn stream(member: Member) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>> {
    let (landings, signed_out) =
        (Landings::of(member.tenant.clone(), member.reach.clone()).await?, member.signed_out());
    let events = futures_util::stream::unfold(landings, |mut landings| async {
        let told = landings.next().await?;
        let event = match told {
            Told::Data(told) => Event::default().event("data").json_data(told),
            Told::Sync(told) => Event::default().event("sync").json_data(told),
        };
        Some((event, landings))
    });
    let events = events.take_until(Box::pin(signed_out));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn reads_what_clients_send() {
        for (value, takes) in
            [("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("identity", false), ("", false)]
        {
            assert_eq!(takes_gzip(&with(header::ACCEPT_ENCODING, value)), takes, "{value}");
        }
        assert!(says(&with(header::CACHE_CONTROL, "max-age=0, No-Cache"), &header::CACHE_CONTROL, "no-cache"));
        assert!(!says(&with(header::CACHE_CONTROL, "max-age=0"), &header::CACHE_CONTROL, "no-cache"));
    }
}
