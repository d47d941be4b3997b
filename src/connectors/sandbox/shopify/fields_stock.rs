//! Fields of the shop, its products, its stock and its events.

use super::super::text;
use super::answer::{Cx, Got, Page};
use super::catalogue::{self, Level};
use super::graphql::Step;
use super::node::Node;

/// A field of one of them.
pub fn part<'a>(node: Node<'a>, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    match node {
        Node::Shop => shop(step, cx),
        Node::ShopPlan => match step.name {
            "publicDisplayName" => Got::Text("Basic"),
            _ => Got::Flag(false),
        },
        Node::Product(at) => product(at, step, cx),
        Node::Variant(at) => variant(at, step, cx),
        Node::Choice(at) => match (step.name, cx.view.shop.catalogue.variants[at].title) {
            ("name", "Default Title") => Got::Text("Title"),
            ("name", _) => Got::Text("Size"),
            (_, title) => Got::Text(title),
        },
        Node::Item(at) => item(at, step, cx),
        Node::Level(at, place) => level(at, place, step, cx),
        Node::Quantity(at, place, name, level) => match step.name {
            "id" => Got::Owned(format!("{}&name={name}", level_id(at, place, cx))),
            "name" => Got::Text(name),
            "quantity" => Got::Number(quantity(name, level)),
            _ => Got::time((name != "on_hand").then_some(level.updated)),
        },
        Node::Location(at) => {
            let location = &cx.view.shop.catalogue.locations[at];
            match step.name {
                "id" => Got::id("Location", location.id),
                "legacyResourceId" => Got::Short(text::whole(location.id.cast_signed())),
                "name" => Got::Text(location.name),
                "isActive" => Got::Flag(true),
                _ => Got::Time(location.created),
            }
        }
        Node::Event(kind, id, at) => match step.name {
            "id" => Got::id("BasicEvent", id.wrapping_mul(7) % 10_000_000_000_000),
            "action" => Got::Text("destroy"),
            "message" => Got::Owned(format!("{} was deleted.", kind.to_lowercase())),
            "subjectId" => Got::id(if kind == "ORDER" { "Order" } else { "Product" }, id),
            "subjectType" => Got::Text(kind),
            "createdAt" => Got::Time(at),
            "criticalAlert" | "attributeToApp" => Got::Flag(false),
            _ => Got::Flag(true),
        },
        _ => Got::Null,
    }
}

fn shop<'a>(step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let shop = cx.view.shop;
    match step.name {
        "id" => Got::id("Shop", 63_755_000_000 + shop.setup.number),
        "name" => Got::Text(&shop.name),
        "email" => Got::Owned(format!("owner@{}", shop.domain.replace(".myshopify.com", ".example"))),
        "myshopifyDomain" => Got::Text(&shop.domain),
        "currencyCode" => Got::Text(shop.currency),
        "ianaTimezone" => Got::Text(shop.zone),
        "taxesIncluded" => Got::Flag(shop.taxes_included),
        "plan" => Got::Node(Node::ShopPlan),
        "enabledPresentmentCurrencies" => {
            let others = shop.presentments.iter().map(|(currency, _)| *currency);
            Got::Texts(std::iter::once(shop.currency).chain(others).collect())
        }
        "createdAt" => Got::Time(shop.start - 500 * text::DAY),
        _ => Got::Null,
    }
}

fn product<'a>(at: usize, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let product = &cx.view.shop.catalogue.products[at];
    match step.name {
        "id" => Got::id("Product", product.id),
        "legacyResourceId" => Got::Short(text::whole(product.id.cast_signed())),
        "title" => Got::Text(&product.title),
        "handle" => Got::Text(&product.handle),
        "status" => Got::Text(product.status),
        "vendor" => Got::Text(product.vendor),
        "productType" => Got::Text(product.kind),
        "tags" => Got::Texts(if at.is_multiple_of(4) { vec!["new", "sale"] } else { Vec::new() }),
        "createdAt" => Got::Time(product.created),
        "updatedAt" => Got::Time(product.updated(cx.view.now)),
        "publishedAt" => Got::time((product.status == "ACTIVE").then_some(product.created)),
        "totalInventory" => Got::Number(product.variants.clone().map(|at| on_hand(at, cx)).sum()),
        "tracksInventory" => Got::Flag(!product.gift_card),
        "isGiftCard" => Got::Flag(product.gift_card),
        _ => Got::Page(Page::cut(product.variants.clone().map(Node::Variant).collect(), &step.args)),
    }
}

/// What is available of a variant over all locations.
fn on_hand(at: usize, cx: &Cx<'_>) -> i64 {
    let shop = cx.view.shop;
    let variant = &shop.catalogue.variants[at];
    let level = |place: usize| catalogue::level(&shop.setup, variant, place as u64, cx.view.now).available;
    if variant.tracked { (0..shop.catalogue.locations.len()).map(level).sum() } else { 0 }
}

fn variant<'a>(at: usize, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let variant = &cx.view.shop.catalogue.variants[at];
    let product = &cx.view.shop.catalogue.products[variant.product];
    match step.name {
        "id" => Got::id("ProductVariant", variant.id),
        "legacyResourceId" => Got::Short(text::whole(variant.id.cast_signed())),
        "sku" => Got::Text(&variant.sku),
        "title" => Got::Text(variant.title),
        "displayName" => Got::Owned(format!("{} - {}", product.title, variant.title)),
        "price" => Got::Short(text::price(variant.price)),
        "compareAtPrice" => variant.compare_at.map_or(Got::Null, |price| Got::Short(text::price(price))),
        "selectedOptions" => Got::List(vec![Node::Choice(at)]),
        "inventoryQuantity" => Got::Number(on_hand(at, cx)),
        "inventoryPolicy" => Got::Text("DENY"),
        "taxable" => Got::Flag(!product.gift_card),
        "createdAt" => Got::Time(product.created),
        "updatedAt" => Got::Time(product.updated(cx.view.now)),
        "product" => Got::Node(Node::Product(variant.product)),
        "inventoryItem" => Got::Node(Node::Item(at)),
        _ => Got::Null,
    }
}

fn item<'a>(at: usize, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let variant = &cx.view.shop.catalogue.variants[at];
    let product = &cx.view.shop.catalogue.products[variant.product];
    match step.name {
        "id" => Got::id("InventoryItem", variant.item),
        "legacyResourceId" => Got::Short(text::whole(variant.item.cast_signed())),
        "sku" => Got::Text(&variant.sku),
        "tracked" => Got::Flag(variant.tracked),
        "requiresShipping" => Got::Flag(!product.gift_card),
        "createdAt" => Got::Time(product.created),
        "updatedAt" => Got::Time(product.updated(cx.view.now)),
        "unitCost" => Got::node(variant.cost.map(|cost| Node::Money(cost, cx.view.shop.currency))),
        "variant" => Got::Node(Node::Variant(at)),
        _ => {
            let places = 0..if variant.tracked { cx.view.shop.catalogue.locations.len() } else { 0 };
            Got::Page(Page::cut(places.map(|place| Node::Level(at, place)).collect(), &step.args))
        }
    }
}

fn level_id(at: usize, place: usize, cx: &Cx<'_>) -> String {
    let catalogue = &cx.view.shop.catalogue;
    let (location, item) = (catalogue.locations[place].id, catalogue.variants[at].item);
    format!("gid://shopify/InventoryLevel/{location}?inventory_item_id={item}")
}

fn level<'a>(at: usize, place: usize, step: &Step, cx: &'a Cx<'a>) -> Got<'a> {
    let shop = cx.view.shop;
    let variant = &shop.catalogue.variants[at];
    let level = catalogue::level(&shop.setup, variant, place as u64, cx.view.now);
    match step.name {
        "id" => Got::Owned(level_id(at, place, cx)),
        "createdAt" => Got::Time(shop.catalogue.products[variant.product].created),
        "updatedAt" => Got::Time(level.updated),
        "isActive" => Got::Flag(true),
        "location" => Got::Node(Node::Location(place)),
        "item" => Got::Node(Node::Item(at)),
        _ => {
            let names = step.args.texts("names");
            let known = NAMES.into_iter().filter(|name| names.contains(name));
            Got::List(known.map(|name| Node::Quantity(at, place, name, level)).collect())
        }
    }
}

const NAMES: [&str; 5] = ["available", "on_hand", "committed", "incoming", "reserved"];

fn quantity(name: &str, level: Level) -> i64 {
    match name {
        "available" => level.available,
        "on_hand" => level.available + level.committed + level.reserved,
        "committed" => level.committed,
        "incoming" => level.incoming,
        _ => level.reserved,
    }
}
