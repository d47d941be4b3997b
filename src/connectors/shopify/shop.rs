//! A test of the connection: which shop it is, and what the app may.

use serde_json::{Map, Value, json};

use super::ask::ask;
use super::errors::Refusal;
use super::{VERSION, queries};
use crate::connectors::{Call, Missing, Source, Tested, Trouble};
use crate::money::Currency;

/// What is needed, and what stays empty without it.
const NEEDED: [(&str, &str); 4] = [
    ("read_orders", "Orders, refunds and everything that is counted from them stay empty."),
    ("read_products", "Products stay empty: what was sold is known by its title alone."),
    ("read_inventory", "Stock and unit costs stay empty, and margins with them."),
    ("read_locations", "Stock stays empty: it is not known where it lies."),
];
const ALL_ORDERS: &str = "read_all_orders";
const CUSTOMERS: &str = "read_customers";

/// Asks who we are there.
pub(super) async fn test(call: &Call<'_>) -> Result<Tested, Trouble> {
    let reply = ask(call, queries::SHOP, json!({})).await.map_err(Trouble::from)?;
    let shop = reply.data("/shop");
    let text = |field: &str| shop[field].as_str().map(str::to_owned);
    let scopes = reply.data("/currentAppInstallation/accessScopes").as_array().map(Vec::as_slice).unwrap_or_default();
    let granted: Vec<String> = scopes.iter().filter_map(|scope| Some(scope["handle"].as_str()?.to_owned())).collect();
    // Who may write may read.
    let may = |scope: &str| {
        let write = scope.replacen("read_", "write_", 1);
        granted.iter().any(|granted| granted == scope || *granted == write)
    };
    let missing = NEEDED.iter().filter(|(scope, _)| !may(scope));
    let missing = missing.map(|(scope, why)| Missing { scope: (*scope).to_owned(), why: (*why).to_owned() }).collect();
    let mut warnings = Vec::new();
    if !may(ALL_ORDERS) {
        let text = "Without the permission read_all_orders Shopify shows the orders of the last 60 days alone. Import older \
                    ones from an export, or ask Shopify for the permission.";
        warnings.push(text.to_owned());
    }
    if !may(CUSTOMERS) {
        let text = "Without the permission read_customers nobody is known to have bought before: figures of new and returning \
                    customers stay empty.";
        warnings.push(text.to_owned());
    }
    let currency = text("currencyCode").ok_or_else(|| unreadable("the shop's currency"))?;
    if Currency::parse(&currency).is_none() {
        return Err(Trouble::Refused(format!("The shop counts in {currency}, which is no currency known here.")));
    }
    if currency != call.brand.currency.code() {
        warnings.push(format!(
            "The shop counts in {currency} and the brand in {}: figures need exchange rates.",
            call.brand.currency
        ));
    }
    let asked = call.shared.version(Source::Shopify, call.settings, VERSION);
    let served_version = reply.served.clone().filter(|served| served != asked);
    if let Some(served) = &served_version {
        warnings.push(format!(
            "Version {asked} of Shopify's API was asked for and {served} answered: it may behave otherwise."
        ));
    }
    let name = text("name").ok_or_else(|| unreadable("the shop's name"))?;
    let facts = [
        ("shop_name", Value::from(name.as_str())),
        ("currency", currency.into()),
        ("zone", text("ianaTimezone").into()),
        ("plan", shop.pointer("/plan/publicDisplayName").cloned().unwrap_or_default()),
        ("all_orders", may(ALL_ORDERS).into()),
        // An app may be allowed more by now: it is tried anew.
        ("people", if may(CUSTOMERS) { "whole" } else { "none" }.into()),
    ];
    Ok(Tested {
        account: name,
        granted: granted.clone(),
        missing,
        warnings,
        expires_at: None,
        served_version,
        facts: facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<String, Value>>(),
    })
}

fn unreadable(what: &str) -> Trouble {
    Refusal::Trouble(Trouble::Unreadable {
        reason: format!("Shopify does not tell {what}"),
        answer: bytes::Bytes::new(),
    })
    .into()
}
