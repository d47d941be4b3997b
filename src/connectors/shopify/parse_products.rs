//! Products, their variants and what a unit costs now. The keys are those of the export files: the handle of a product, the SKU of
//! a variant, else its title.

use serde::Deserialize;
use serde_json::Value;

use super::parse::{About, Amount, Many, line_title, number, read, text};
use crate::commerce::rows::{Batch, Product, UnitCost, Variant, VariantRef};
use crate::money::{Currency, parse_micros};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductNode {
    id: String,
    title: String,
    handle: String,
    vendor: Option<String>,
    product_type: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    variants: Option<Many<VariantNode>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VariantNode {
    title: Option<String>,
    sku: Option<String>,
    price: Option<String>,
    #[serde(default)]
    selected_options: Vec<Choice>,
    inventory_item: Option<Item>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    name: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    unit_cost: Option<Amount>,
}

/// Adds a product with its variants.
pub(super) fn product(node: &Value, about: &About, batch: &mut Batch) -> Result<(), String> {
    let node: ProductNode = read(node)?;
    let mut row = row(&node)?;
    for one in node.variants.iter().flat_map(|all| &all.nodes) {
        add(&mut row, one, about, batch)?;
    }
    batch.products.push(row);
    Ok(())
}

/// Adds a variant under its product.
pub(super) fn variant(node: &Value, about: &About, batch: &mut Batch) -> Result<(), String> {
    let owner: ProductNode = read(&node["product"])?;
    let mut row = row(&owner)?;
    add(&mut row, &read(node)?, about, batch)?;
    batch.products.push(row);
    Ok(())
}

fn row(node: &ProductNode) -> Result<Product, String> {
    let mut collections: Vec<String> = Vec::new();
    for tag in node.tags.iter().take(50).filter_map(|tag| text(Some(tag), 200)) {
        if !collections.contains(&tag) {
            collections.push(tag);
        }
    }
    Ok(Product {
        key: text(Some(&node.handle), 300).ok_or("The product has no handle.")?,
        source_id: Some(number(&node.id)?),
        title: text(Some(&node.title), 500).ok_or("The product has no title.")?,
        category: text(node.product_type.as_deref(), 200),
        vendor: text(node.vendor.as_deref(), 200),
        collections,
        variants: Vec::new(),
    })
}

fn add(product: &mut Product, node: &VariantNode, about: &About, batch: &mut Batch) -> Result<(), String> {
    let sku = text(node.sku.as_deref(), 200);
    let title = text(node.title.as_deref(), 400).filter(|title| title != "Default Title");
    let size = node.selected_options.iter().find(|choice| is_size(&choice.name.to_lowercase()));
    let price = match (node.price.as_deref(), about.currency) {
        (Some(price), Some(currency)) => Some((micros(price)?, currency)),
        _ => None,
    };
    let variant = VariantRef { sku: sku.clone(), title: line_title(&product.title, title.as_deref()) };
    let cost = node.inventory_item.as_ref().and_then(|item| item.unit_cost.as_ref());
    batch.costs_now.extend(cost.map(|cost| unit_cost(variant, cost, about)).transpose()?);
    let size = size.and_then(|choice| text(Some(&choice.value), 100));
    product.variants.push(Variant { sku, title, size, price });
    Ok(())
}

/// What a unit costs on the day it was seen: Shopify keeps no history of it.
pub(super) fn unit_cost(variant: VariantRef, cost: &Amount, about: &About) -> Result<UnitCost, String> {
    let (cost_micros, currency): (i64, Currency) = (cost.micros()?, cost.currency()?);
    if cost_micros < 0 {
        return Err("The cost is negative.".to_owned());
    }
    Ok(UnitCost { variant, from_day: about.day, cost_micros, currency })
}

fn micros(price: &str) -> Result<i64, String> {
    parse_micros(price).filter(|micros| *micros >= 0).ok_or_else(|| format!("\"{price}\" is not a price."))
}

fn is_size(option: &str) -> bool {
    const WORDS: [&str; 11] =
        ["size", "größe", "grösse", "taille", "talla", "tamaño", "maat", "taglia", "tamanho", "storlek", "størrelse"];
    WORDS.contains(&option)
}
