//! How somebody came to an order, as far as Shopify knows: the first visit within thirty days, the last, and those between.

use std::collections::HashSet;

use serde::Deserialize;

use super::parse::{Many, instant, number};
use crate::commerce::Arrival;
use crate::commerce::rows::{Journey, Touch};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// Until it is, nothing is known, which is not the same as nothing to know.
    #[serde(default)]
    ready: bool,
    first_visit: Option<Visit>,
    last_visit: Option<Visit>,
    moments: Option<Many<Moment>>,
}

/// Something that came before an order; only visits are known.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Visit(Box<Visit>),
    Other {},
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Visit {
    id: String,
    occurred_at: String,
    landing_page: Option<String>,
    referrer_url: Option<String>,
    utm_parameters: Option<Utm>,
}

#[derive(Debug, Deserialize)]
struct Utm {
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    content: Option<String>,
    term: Option<String>,
}

/// The journey of an order, once it is known. `moments` are those that stand beside the order and not in it.
pub(super) fn journey(
    order: &str,
    summary: Option<&Summary>,
    moments: Option<&Many<Moment>>,
) -> Result<Option<Journey>, String> {
    let Some(summary) = summary.filter(|summary| summary.ready) else { return Ok(None) };
    let between = [summary.moments.as_ref(), moments].into_iter().flatten().flat_map(|all| &all.nodes);
    let between = between.filter_map(|moment| match moment {
        Moment::Visit(visit) => Some(&**visit),
        Moment::Other {} => None,
    });
    let mut touches: Vec<Touch> = Vec::new();
    let mut known = HashSet::new();
    for visit in [&summary.first_visit, &summary.last_visit].into_iter().flatten().chain(between) {
        let touch = touch(visit)?;
        if known.insert(touch.id.clone()) {
            touches.push(touch);
        }
    }
    Ok(Some(Journey { order: order.to_owned(), touches }))
}

fn touch(visit: &Visit) -> Result<Touch, String> {
    let page = visit.landing_page.as_deref().unwrap_or_default();
    let mut arrival = Arrival::of(page, visit.referrer_url.as_deref());
    if let Some(utm) = &visit.utm_parameters {
        arrival = arrival
            .or_utm("utm_source", utm.source.as_deref())
            .or_utm("utm_medium", utm.medium.as_deref())
            .or_utm("utm_campaign", utm.campaign.as_deref())
            .or_utm("utm_content", utm.content.as_deref())
            .or_utm("utm_term", utm.term.as_deref());
    }
    Ok(Touch { id: number(&visit.id)?, at_ms: instant(&visit.occurred_at)?.as_millisecond(), arrival })
}
