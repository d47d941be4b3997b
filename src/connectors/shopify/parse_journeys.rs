//! How somebody came to an order, as far as Shopify knows: the first visit within thirty days and the last.

use serde::Deserialize;

use super::parse::{instant, number};
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
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
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

/// The journey of an order, once it is known.
pub(super) fn journey(order: &str, summary: Option<&Summary>) -> Result<Option<Journey>, String> {
    let Some(summary) = summary.filter(|summary| summary.ready) else { return Ok(None) };
    let mut touches: Vec<Touch> = Vec::new();
    for visit in [&summary.first_visit, &summary.last_visit].into_iter().flatten() {
        let touch = touch(visit)?;
        if touches.iter().all(|known| known.id != touch.id) {
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
