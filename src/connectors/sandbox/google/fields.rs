//! The fields that can be selected, and of what.

use super::errors::Failure;
use super::gaql::Query;

/// What is reported on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Customer,
    Client,
    Campaign,
    Group,
    Ad,
    ConversionAction,
}

/// Fields by resource; what stands above a resource can be selected with it.
const CUSTOMER: &[&str] = &[
    "customer.id",
    "customer.resource_name",
    "customer.currency_code",
    "customer.time_zone",
    "customer.descriptive_name",
    "customer.auto_tagging_enabled",
    "customer.conversion_tracking_setting.conversion_tracking_status",
    "customer.manager",
    "customer.test_account",
    "customer.status",
];
const CLIENT: &[&str] = &[
    "customer_client.id",
    "customer_client.manager",
    "customer_client.level",
    "customer_client.status",
    "customer_client.currency_code",
    "customer_client.time_zone",
    "customer_client.descriptive_name",
    "customer_client.client_customer",
    "customer_client.resource_name",
];
const CAMPAIGN: &[&str] = &[
    "campaign.id",
    "campaign.name",
    "campaign.status",
    "campaign.advertising_channel_type",
    "campaign.resource_name",
    "campaign.serving_status",
];
const GROUP: &[&str] = &["ad_group.id", "ad_group.name", "ad_group.status", "ad_group.resource_name"];
const AD: &[&str] = &[
    "ad_group_ad.ad.id",
    "ad_group_ad.ad.name",
    "ad_group_ad.status",
    "ad_group_ad.resource_name",
    "ad_group_ad.ad.resource_name",
    "ad_group_ad.ad.final_urls",
];
const ACTION: &[&str] = &[
    "conversion_action.id",
    "conversion_action.name",
    "conversion_action.category",
    "conversion_action.click_through_lookback_window_days",
    "conversion_action.include_in_conversions_metric",
    "conversion_action.status",
    "conversion_action.resource_name",
];
const METRICS: &[&str] = &[
    "metrics.cost_micros",
    "metrics.impressions",
    "metrics.clicks",
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.all_conversions",
    "metrics.all_conversions_value",
    "metrics.conversions_by_conversion_date",
    "metrics.conversions_value_by_conversion_date",
    "metrics.ctr",
    "metrics.average_cpc",
];
const SEGMENTS: &[&str] = &["segments.date", "segments.conversion_action_name", "segments.conversion_action_category"];

/// The resource of a query, its fields checked.
pub fn check(query: &Query) -> Result<Resource, Failure> {
    let (resource, own): (Resource, &[&[&str]]) = match query.from.as_str() {
        "customer" => (Resource::Customer, &[CUSTOMER, METRICS, SEGMENTS]),
        "customer_client" => (Resource::Client, &[CUSTOMER, CLIENT]),
        "campaign" => (Resource::Campaign, &[CUSTOMER, CAMPAIGN, METRICS, SEGMENTS]),
        "ad_group" => (Resource::Group, &[CUSTOMER, CAMPAIGN, GROUP, METRICS, SEGMENTS]),
        "ad_group_ad" => (Resource::Ad, &[CUSTOMER, CAMPAIGN, GROUP, AD, METRICS, SEGMENTS]),
        "conversion_action" => (Resource::ConversionAction, &[CUSTOMER, ACTION]),
        other => {
            let why = format!("Error in query: invalid resource name in FROM clause: {other}.");
            return Err(Failure::query("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", &why));
        }
    };
    let known =
        |field: &str| [CUSTOMER, CLIENT, CAMPAIGN, GROUP, AD, ACTION, METRICS, SEGMENTS].concat().contains(&field);
    for field in query.select.iter().chain(query.conditions.iter().map(|condition| &condition.field)) {
        if !own.iter().any(|fields| fields.contains(&field.as_str())) {
            return Err(match known(field) {
                true => {
                    let why = format!(
                        "Cannot select or filter on the following fields: '{field}', with '{}' in the FROM clause.",
                        query.from
                    );
                    Failure::query("PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE", &why)
                }
                false => Failure::query("UNRECOGNIZED_FIELD", &format!("Unrecognized field in the query: '{field}'.")),
            });
        }
    }
    segments(query)?;
    Ok(resource)
}

/// Which metrics and segments go together.
fn segments(query: &Query) -> Result<(), Failure> {
    let selects = |start: &str| query.select.iter().find(|field| field.starts_with(start));
    let dated = query.conditions.iter().any(|condition| condition.field == "segments.date");
    if selects("segments.date").is_some() && !dated {
        let why =
            "The following field(s) must be present in the WHERE clause: 'segments.date' with a finite date range.";
        return Err(Failure::query("EXPECTED_FILTERS_ON_DATE_RANGE", why));
    }
    let by_action = selects("segments.conversion_action").is_some();
    let conversions = |field: &&String| !field.contains("conversions");
    let other = query.select.iter().filter(|field| field.starts_with("metrics.")).find(conversions);
    match other.filter(|_| by_action) {
        Some(field) => {
            let why = format!(
                "Cannot select or filter on the following segments: 'segments.conversion_action_name', since it is incompatible with '{field}'."
            );
            Err(Failure::query("PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE", &why))
        }
        None => Ok(()),
    }
}
