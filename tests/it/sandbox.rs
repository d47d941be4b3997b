//! The simulator of the platforms: Shopify's queries over real HTTP, against its own totals and recorded answers.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use pulsepoint::clock::Clock;
use pulsepoint::connectors::sandbox::{Options, Sandbox, start};
use serde_json::{Value, json};

pub const TOKEN: &str = "shpat_sandbox";
pub const SHOPS: [&str; 2] = ["juniper-oak.myshopify.com", "juniper-oak-eu.myshopify.com"];
const DAY: i64 = 86_400;

/// A clock that a test moves.
#[derive(Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    pub fn at(text: &str) -> Self {
        Self(Arc::new(AtomicI64::new(text.parse::<Timestamp>().unwrap().as_second())))
    }

    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn clock(&self) -> Clock {
        let (hands, begun) = (self.clone(), self.now());
        Clock::driven(move || {
            let now = hands.now();
            (Timestamp::from_second(now).unwrap(), Duration::from_secs((now - begun).max(0).unsigned_abs()))
        })
    }
}

/// A simulator and somebody who asks it.
pub struct Sim {
    pub hands: Hands,
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
}

/// A client for this machine.
pub fn client() -> reqwest::Client {
    let none = reqwest::redirect::Policy::none();
    crate::support::client::builder().redirect(none).build().unwrap()
}

impl Sim {
    pub async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let hands = Hands::at("2026-11-22T15:04:05Z");
        let mut options = Options::new(hands.clock());
        options.throttle = false;
        change(&mut options);
        Self { hands, sandbox: start(options).await.unwrap(), client: client() }
    }

    /// Asks a shop's GraphQL, by this token.
    pub async fn ask(&self, shop: &str, token: &str, query: &str, variables: Value) -> Value {
        let url = format!("{}/shopify/{shop}/admin/api/2026-10/graphql.json", self.sandbox.url);
        let request = self.client.post(url).header("X-Shopify-Access-Token", token);
        let answer = request.json(&json!({"query": query, "variables": variables})).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub async fn query(&self, shop: &str, query: &str, variables: Value) -> Value {
        self.ask(shop, TOKEN, query, variables).await
    }

    /// Every node of a root connection, page by page.
    pub async fn pages(&self, shop: &str, root: &str, query: &str, variables: &Value) -> Vec<Value> {
        let (mut nodes, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut variables = variables.clone();
            variables["after"] = after;
            let answer = self.query(shop, query, variables).await;
            assert!(answer["errors"].is_null(), "{answer:#}");
            let page = &answer["data"][root];
            nodes.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                return nodes;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    pub async fn control(&self, what: &str, body: Value) -> Value {
        let url = format!("{}/_control/{what}", self.sandbox.url);
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let value: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{what}: {value}");
        value
    }

    pub async fn get(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.sandbox.url)).send().await.unwrap().json().await.unwrap()
    }
}

/// Hundredths of a decimal text.
pub fn cents(text: &Value) -> i64 {
    let text = text.as_str().unwrap();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = format!("{part:0<2}");
    assert_eq!(part.len(), 2, "{text} has at most two places");
    sign * (whole.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap())
}

fn shop_money(set: &Value) -> i64 {
    cents(&set["shopMoney"]["amount"])
}

/// Field names with their Set written out, as the page of the connectors abbreviates them.
fn expanded(query: &str) -> String {
    let mut out = String::new();
    for word in query.split_inclusive(|character: char| !character.is_alphanumeric()) {
        let name = word.trim_end_matches(|character: char| !character.is_alphanumeric());
        if name.ends_with("Set") && !word.ends_with('{') {
            let tail = &word[name.len()..];
            out += &format!("{name}{{shopMoney{{amount currencyCode}} presentmentMoney{{amount currencyCode}}}}{tail}");
        } else {
            out += word;
        }
    }
    out
}

pub const ORDERS: &str = "query Orders($q:String,$after:String,$sort:OrderSortKeys){orders(first:25,after:$after,query:$q,sortKey:$sort){
 pageInfo{hasNextPage endCursor} nodes{
  id legacyResourceId name createdAt processedAt updatedAt cancelledAt cancelReason closedAt test
  currencyCode presentmentCurrencyCode taxesIncluded displayFinancialStatus displayFulfillmentStatus sourceName discountCodes customer{id}
  totalPriceSet subtotalPriceSet totalDiscountsSet totalShippingPriceSet totalTaxSet totalRefundedSet totalRefundedShippingSet
  currentTotalPriceSet currentSubtotalPriceSet currentTotalTaxSet currentTotalDiscountsSet currentShippingPriceSet netPaymentSet
  customerJourneySummary{ready daysToConversion customerOrderIndex momentsCount{count}
    firstVisit{id occurredAt landingPage referrerUrl source sourceType utmParameters{source medium campaign content term}}
    lastVisit{id occurredAt landingPage referrerUrl source sourceType utmParameters{source medium campaign content term}}}
  lineItems(first:20){pageInfo{hasNextPage endCursor} nodes{id quantity currentQuantity sku title isGiftCard variant{id} product{id}
    originalUnitPriceSet discountedTotalSet discountAllocations{allocatedAmountSet} taxLines{title rate priceSet}}}
  shippingLines(first:5){nodes{id title originalPriceSet discountedPriceSet taxLines{priceSet}}}
  refunds(first:10){id createdAt updatedAt processedAt totalRefundedSet
    refundLineItems(first:20){pageInfo{hasNextPage endCursor} nodes{id quantity restockType lineItem{id} subtotalSet totalTaxSet}}
    refundShippingLines(first:5){nodes{id subtotalAmountSet taxAmountSet}}
    orderAdjustments(first:5){nodes{id reason amountSet taxAmountSet}}
    transactions(first:5){nodes{id kind status processedAt amountSet}}}}}}";

/// All orders with all their lines: what does not fit into a page is asked for order by order.
async fn orders(sim: &Sim, shop: &str, variables: &Value) -> Vec<Value> {
    let mut orders = sim.pages(shop, "orders", &expanded(ORDERS), variables).await;
    let more = expanded(
        "query($id:ID!,$after:String){order(id:$id){lineItems(first:20,after:$after){pageInfo{hasNextPage endCursor} nodes{id quantity
         currentQuantity sku title isGiftCard originalUnitPriceSet discountedTotalSet discountAllocations{allocatedAmountSet}
         taxLines{title rate priceSet}}}}}",
    );
    for order in &mut orders {
        while order["lineItems"]["pageInfo"]["hasNextPage"] == true {
            let after = order["lineItems"]["pageInfo"]["endCursor"].clone();
            let answer = sim.query(shop, &more, json!({"id": order["id"], "after": after})).await;
            let page = answer["data"]["order"]["lineItems"].clone();
            order["lineItems"]["pageInfo"] = page["pageInfo"].clone();
            let nodes = page["nodes"].as_array().unwrap().clone();
            order["lineItems"]["nodes"].as_array_mut().unwrap().extend(nodes);
        }
    }
    orders
}

fn rows<'a>(value: &'a Value, name: &str) -> std::slice::Iter<'a, Value> {
    value[name].as_array().or_else(|| value[name]["nodes"].as_array()).unwrap().iter()
}

/// Sums over orders as a connector could make them.
fn summed(orders: &[Value]) -> BTreeMap<&'static str, i64> {
    let mut sums: BTreeMap<&'static str, i64> = BTreeMap::new();
    for order in orders.iter().filter(|order| order["test"] == false) {
        let mut add = |name, value: i64| *sums.entry(name).or_default() += value;
        add("orders", 1);
        add("total_price", shop_money(&order["totalPriceSet"]));
        add("shipping", shop_money(&order["totalShippingPriceSet"]));
        add("refunded_total", shop_money(&order["totalRefundedSet"]));
        let cards: HashSet<&str> = rows(order, "lineItems")
            .filter(|line| line["isGiftCard"] == true)
            .map(|line| line["id"].as_str().unwrap())
            .collect();
        for line in rows(order, "lineItems").filter(|line| line["isGiftCard"] == false) {
            add("gross_listed", shop_money(&line["originalUnitPriceSet"]) * line["quantity"].as_i64().unwrap());
            let allocated = rows(line, "discountAllocations").map(|part| shop_money(&part["allocatedAmountSet"]));
            add("discounts", allocated.sum());
            add("line_tax", rows(line, "taxLines").map(|tax| shop_money(&tax["priceSet"])).sum());
        }
        for refund in rows(order, "refunds") {
            for line in rows(refund, "refundLineItems") {
                if !cards.contains(line["lineItem"]["id"].as_str().unwrap()) {
                    add("refunds_listed", shop_money(&line["subtotalSet"]));
                    add("refunds_tax", shop_money(&line["totalTaxSet"]));
                }
            }
            add(
                "refunds_shipping",
                rows(refund, "refundShippingLines").map(|line| shop_money(&line["subtotalAmountSet"])).sum(),
            );
            add(
                "refund_discrepancies",
                -rows(refund, "orderAdjustments").map(|row| shop_money(&row["amountSet"])).sum::<i64>(),
            );
        }
    }
    sums
}

#[tokio::test]
async fn pages_of_orders_add_up_to_the_totals() {
    let sim = Sim::start(|options| options.orders = 700).await;
    let totals = sim.sandbox.totals();
    assert_eq!(totals, sim.get("/_control/totals").await, "the handle and the address say the same");
    for (at, shop) in SHOPS.into_iter().enumerate() {
        let orders = orders(&sim, shop, &json!({"sort": "UPDATED_AT"})).await;
        let ids: HashSet<&str> = orders.iter().map(|order| order["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), orders.len(), "every order once");
        let own = &totals["shopify"][at];
        for (name, sum) in summed(&orders) {
            let told = if name == "orders" { own[name].as_i64().unwrap() } else { cents(&own[name]) };
            assert_eq!(sum, told, "{shop} {name}");
        }
        assert!(own["orders"].as_i64().unwrap() > 650 && cents(&own["refunds_goods"]) > 0);
        let net = cents(&own["gross_sales"]) - cents(&own["discounts"]) - cents(&own["refunds_goods"]);
        assert_eq!(net, cents(&own["net_sales"]));
    }
}

#[tokio::test]
async fn every_order_adds_up_in_itself() {
    let sim = Sim::start(|options| options.orders = 900).await;
    let mut seen = BTreeMap::new();
    for shop in SHOPS {
        for order in orders(&sim, shop, &json!({})).await {
            let set = |name: &str| shop_money(&order[name]);
            let included = order["taxesIncluded"] == true;
            let on_top = if included { 0 } else { set("totalTaxSet") };
            let rest = set("totalPriceSet") - set("subtotalPriceSet") - set("totalShippingPriceSet") - on_top;
            assert!((0..=900).contains(&rest), "a tip at most: {order:#}");
            let gross: i64 = rows(&order, "lineItems")
                .map(|line| shop_money(&line["originalUnitPriceSet"]) * line["quantity"].as_i64().unwrap())
                .sum();
            assert_eq!(gross, set("subtotalPriceSet") + set("totalDiscountsSet"), "{order:#}");
            assert_eq!(set("netPaymentSet"), set("totalPriceSet") - set("totalRefundedSet"));
            for (name, holds) in [
                ("cancelled", !order["cancelledAt"].is_null()),
                ("test", order["test"] == true),
                ("tip", rest > 0),
                ("no status", order["displayFinancialStatus"].is_null()),
                ("other currency", order["presentmentCurrencyCode"] != order["currencyCode"]),
                ("refunded", order["displayFinancialStatus"] == "REFUNDED"),
                ("partly refunded", order["displayFinancialStatus"] == "PARTIALLY_REFUNDED"),
                ("discrepancy", rows(&order, "refunds").any(|refund| rows(refund, "orderAdjustments").count() > 0)),
                (
                    "shipping back",
                    rows(&order, "refunds").any(|refund| rows(refund, "refundShippingLines").count() > 0),
                ),
                ("not ready", order["customerJourneySummary"]["ready"] == false),
                ("campaign", order["customerJourneySummary"]["lastVisit"]["utmParameters"].is_object()),
                ("gift card", rows(&order, "lineItems").any(|line| line["isGiftCard"] == true)),
                (
                    "variant gone",
                    rows(&order, "lineItems").any(|line| !line["sku"].is_null() && line["variant"].is_null()),
                ),
                ("many lines", rows(&order, "lineItems").count() > 20),
                ("edited", rows(&order, "refunds").any(|refund| shop_money(&refund["totalRefundedSet"]) == 0)),
                ("guest", order["customer"].is_null()),
            ] {
                *seen.entry(name).or_insert(0) += i32::from(holds);
            }
        }
    }
    assert!(seen.values().all(|count| *count > 0), "everything that happens in a shop happens: {seen:?}");
}

#[tokio::test]
async fn a_window_of_changes_brings_every_change_once() {
    let sim = Sim::start(|options| options.orders = 400).await;
    let query = "query($q:String,$after:String){orders(first:50,after:$after,query:$q,sortKey:UPDATED_AT){pageInfo{hasNextPage endCursor}
        nodes{id updatedAt totalRefundedSet{shopMoney{amount}}}}}";
    let all = sim.pages(SHOPS[0], "orders", query, &json!({})).await;
    let begin = sim.hands.now();
    sim.hands.forward(3 * DAY);
    let done = sim.control("advance", json!({"orders": 7, "refunds": 3, "full_refunds": 1, "touches": 20})).await;
    let window = json!({"q": format!("updated_at:>'{}'", Timestamp::from_second(begin).unwrap())});
    let changed = sim.pages(SHOPS[0], "orders", query, &window).await;
    let ids: HashSet<&str> = changed.iter().map(|order| order["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), changed.len(), "every order once");
    let done = |name: &str| done[name].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
    assert!(done("orders").chain(done("refunds")).all(|id| ids.contains(id)), "what was done has changed");
    assert_eq!((done("orders").count(), done("refunds").count()), (7, 4));
    let stamps: Vec<&str> = changed.iter().map(|order| order["updatedAt"].as_str().unwrap()).collect();
    assert!(stamps.is_sorted(), "in the order they changed");
    // What was there before and is not in the window is as it was.
    let after = sim.pages(SHOPS[0], "orders", query, &json!({})).await;
    let before: HashSet<String> = all.iter().map(Value::to_string).collect();
    let quiet = after.iter().filter(|order| !ids.contains(order["id"].as_str().unwrap()));
    assert!(quiet.clone().count() > 300 && quiet.map(Value::to_string).all(|order| before.contains(&order)));
}

#[tokio::test]
async fn what_is_deleted_vanishes_and_leaves_an_event() {
    let sim = Sim::start(|_| {}).await;
    let query = "query($q:String,$after:String){events(first:20,after:$after,query:$q){pageInfo{hasNextPage endCursor}
        nodes{... on BasicEvent{id action subjectId subjectType createdAt}}}}";
    let begin = Timestamp::from_second(sim.hands.now()).unwrap();
    sim.hands.forward(60);
    let done = sim.control("delete", json!({"shop": SHOPS[1], "orders": 2, "products": 1})).await;
    for (kind, name) in [("ORDER", "orders"), ("PRODUCT", "products")] {
        let q = format!("action:destroy AND subject_type:{kind} AND created_at:>'{begin}'");
        let events = sim.pages(SHOPS[1], "events", query, &json!({ "q": q })).await;
        let ids: HashSet<&Value> = events.iter().map(|event| &event["subjectId"]).collect();
        assert_eq!(ids, done[name].as_array().unwrap().iter().collect());
        let gone = sim.query(SHOPS[1], "query($id:ID!){node(id:$id){id}}", json!({"id": done[name][0]})).await;
        assert!(gone["data"]["node"].is_null());
        assert_eq!(sim.pages(SHOPS[0], "events", query, &json!({ "q": q })).await.len(), 0, "not in the other shop");
    }
    let all = sim.pages(SHOPS[1], "events", query, &json!({"q": "subject_type:PRODUCT"})).await;
    assert_eq!(all.len(), 2, "one of the seed's own");
}

#[tokio::test]
async fn products_variants_and_stock_come_whole() {
    let sim = Sim::start(|_| {}).await;
    let products = "query($q:String,$after:String){products(first:7,after:$after,query:$q,sortKey:UPDATED_AT){pageInfo{hasNextPage endCursor}
        nodes{id legacyResourceId title handle status vendor productType tags createdAt updatedAt publishedAt totalInventory}}}";
    let variants = "query($q:String,$after:String){productVariants(first:10,after:$after,query:$q){pageInfo{hasNextPage endCursor}
        nodes{id sku title price compareAtPrice inventoryQuantity updatedAt product{id} inventoryItem{id tracked unitCost{amount currencyCode} updatedAt}}}}";
    let items = "query($q:String,$after:String){inventoryItems(first:10,after:$after,query:$q){pageInfo{hasNextPage endCursor}
        nodes{id sku tracked updatedAt unitCost{amount currencyCode} inventoryLevels(first:10){pageInfo{hasNextPage endCursor}
        nodes{id updatedAt isActive location{id name} quantities(names:[\"available\",\"on_hand\",\"committed\",\"incoming\",\"reserved\"]){name quantity updatedAt}}}}}}";
    for (at, shop) in SHOPS.into_iter().enumerate() {
        let totals = &sim.sandbox.totals()["shopify"][at];
        let products = sim.pages(shop, "products", products, &json!({})).await;
        let variants = sim.pages(shop, "productVariants", variants, &json!({})).await;
        let items = sim.pages(shop, "inventoryItems", items, &json!({})).await;
        let ids = |all: &[Value]| all.iter().map(|row| row["id"].to_string()).collect::<HashSet<_>>().len() as i64;
        assert_eq!(Some(ids(&products)), totals["products"].as_i64());
        assert_eq!(
            (Some(ids(&variants)), Some(ids(&items))),
            (totals["variants"].as_i64(), totals["variants"].as_i64())
        );
        let available =
            items.iter().flat_map(|item| rows(item, "inventoryLevels")).flat_map(|level| rows(level, "quantities"));
        let available: i64 =
            available.filter(|row| row["name"] == "available").map(|row| row["quantity"].as_i64().unwrap()).sum();
        assert_eq!(Some(available), totals["available"].as_i64());
        let by_variant: i64 = variants.iter().map(|variant| variant["inventoryQuantity"].as_i64().unwrap()).sum();
        assert_eq!(by_variant, available);
        assert!(
            items.iter().any(|item| item["unitCost"].is_null())
                && items.iter().any(|item| item["unitCost"].is_object())
        );
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_world_and_another_another() {
    let (one, other) = (Sim::start(|options| options.seed = 5).await, Sim::start(|options| options.seed = 5).await);
    assert_eq!(one.sandbox.totals(), other.sandbox.totals());
    let query = expanded(ORDERS);
    for shop in SHOPS {
        let answers = [one.query(shop, &query, json!({})).await, other.query(shop, &query, json!({})).await];
        assert_eq!(answers[0], answers[1]);
    }
    let third = Sim::start(|options| options.seed = 6).await;
    assert_ne!(one.sandbox.totals()["shopify"][0]["gross_sales"], third.sandbox.totals()["shopify"][0]["gross_sales"]);
}
