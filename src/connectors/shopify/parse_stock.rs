//! Stock: how many units of an item lie where, on the day they were counted. Items that nobody counts have no level.

use serde::Deserialize;
use serde_json::Value;

use super::parse::{About, Amount, Many, line_title, pieces, read, text};
use super::parse_products::unit_cost;
use crate::commerce::rows::{Batch, StockLevel, StockPlaces, VariantRef};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemNode {
    sku: Option<String>,
    #[serde(default)]
    tracked: bool,
    unit_cost: Option<Amount>,
    variant: Option<Owner>,
    inventory_levels: Many<Level>,
}

#[derive(Debug, Deserialize)]
struct Owner {
    title: Option<String>,
    product: Option<Titled>,
}

#[derive(Debug, Deserialize)]
struct Titled {
    title: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Level {
    is_active: Option<bool>,
    location: Place,
    quantities: Vec<Quantity>,
}

#[derive(Debug, Deserialize)]
struct Place {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Quantity {
    name: String,
    quantity: i64,
}

/// Adds an item's levels and its cost.
pub(super) fn item(node: &Value, about: &About, batch: &mut Batch) -> Result<(), String> {
    let node: ItemNode = read(node)?;
    let sku = text(node.sku.as_deref(), 200);
    let product = node.variant.as_ref().and_then(|owner| owner.product.as_ref());
    let title = product.zip(node.variant.as_ref()).map(|(product, owner)| {
        let title = text(Some(&product.title), 500).unwrap_or_default();
        line_title(&title, owner.title.as_deref())
    });
    let variant = match (sku, title.filter(|title| !title.is_empty())) {
        (None, None) => return Ok(()),
        (sku, title) => VariantRef { sku, title: title.unwrap_or_default() },
    };
    if let Some(cost) = &node.unit_cost {
        batch.costs_now.push(unit_cost(variant.clone(), cost, about)?);
    }
    if !node.tracked {
        return Ok(());
    }
    let mut warehouses = Vec::new();
    for level in &node.inventory_levels.nodes {
        let of = |name: &str| level.quantities.iter().find(|one| one.name == name).map(|one| one.quantity);
        // A place that no longer stocks it has none of it.
        let is_there = level.is_active != Some(false);
        let on_hand = of("on_hand").or_else(|| of("available")).ok_or("A level has no quantity on hand.")?;
        let warehouse = text(Some(&level.location.name), 200).ok_or("A location has no name.")?;
        warehouses.push(warehouse.clone());
        batch.stock.push(StockLevel {
            variant: variant.clone(),
            warehouse,
            day: about.day,
            on_hand: if is_there { pieces(on_hand)? } else { 0 },
            incoming: if is_there { pieces(of("incoming").unwrap_or_default())? } else { 0 },
        });
    }
    // All levels were told: a place that is closed or stocks it no more is not among them.
    batch.stock_places.push(StockPlaces { variant, day: about.day, warehouses });
    Ok(())
}
