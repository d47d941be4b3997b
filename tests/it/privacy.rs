//! One customer's rights: a copy, and erasure that leaves every figure and nothing of the person, in two tenants that both know them.

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use pulsepoint::auth::Role;
use pulsepoint::commerce::rows::{Batch, CustomerRef, Refund, RefundLine};
use pulsepoint::events;
use pulsepoint::money::Currency;
use pulsepoint::tenants::Tenant;
use pulsepoint::tenants::export::{self, About};
use pulsepoint::warehouse;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::imports;
use crate::metrics::{land, order, variant, whole};
use crate::support::app::{Answer, Shop, TestApp, now};
use crate::support::figures::{assert_derived_tables_agree, dump};

pub const ADDRESS: &str = "canary.person@shop.example";
/// The same person as another source knows them.
pub const ID: &str = "CANARY-17850";
/// What must be found nowhere; lower case.
const CANARIES: [&str; 4] = ["canary.person", "canary-17850", "canary q. person", "canaryville"];

/// Two orders of the person and one of somebody else; the refused order names the person in its first line only.
pub fn shopify_file() -> String {
    let head = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Shipping City,Shipping Country";
    let theirs = "Canary Q. Person,Canaryville,US";
    format!(
        "{head}\n#1001, Canary.Person@Shop.Example,2026-11-02 10:00:00 -0500,2,Mug,50,{theirs}\n\
         #1002,{ADDRESS},2026-11-03 10:00:00 -0500,1,Cup,20,{theirs}\n\
         #1003,bob@shop.example,2026-11-03 11:00:00 -0500,1,Cup,20,Bob,Boston,US\n\
         #1004,{ADDRESS},never,1,Mug,5,{theirs}\n#1004,,,1,Jug,5,,,\n\
         #1005,bob@shop.example,never,1,Mug,5,Bob,Boston,US\n"
    )
}

/// The person by a source's own id, beside another one.
pub fn orders_file() -> String {
    format!(
        "order,sku,quantity,unit_price,placed_at,customer,country,city\nF1,B1,1,7,2026-11-04,{ID},US,Canaryville\n\
         F2,B1,1,9,2026-11-05,OTHER-1,US,Boston\nF3,B1,x,9,2026-11-05,{ID},US,Canaryville\n"
    )
}

fn refund(id: &str, order: Option<&str>, at: &str) -> Refund {
    Refund {
        external_id: id.to_owned(),
        order: order.map(str::to_owned),
        store: None,
        customer: Some(CustomerRef::Email(ADDRESS.to_owned())),
        currency: Currency::parse("USD").unwrap(),
        refunded_at: at.parse::<Timestamp>().unwrap().as_second(),
        day_estimated: false,
        reason: Some("Too small".to_owned()),
        country: None,
        shipping_micros: 0,
        tax_micros: 0,
        lines: vec![RefundLine { variant: Some(variant("H1")), quantity: 1, goods_micros: whole(50) }],
    }
}

/// Refunds of the person: of an order, and of none that is known.
pub fn refunds() -> Batch {
    let refunds = vec![refund("R1", Some("#1001"), "2026-11-05T12:00:00Z"), refund("R2", None, "2026-11-06T12:00:00Z")];
    Batch { refunds, ..Batch::default() }
}

/// A shop that knows the person in every way there is.
pub async fn planted(app: &TestApp, slug: &str) -> Shop {
    let shop = app.shop(slug).await;
    let name = format!("orders of {ADDRESS}.csv");
    let landed = imports::imported(app, &shop, (&name, shopify_file().as_bytes()), &[]).await;
    assert_eq!((landed["rows_landed"].as_u64(), landed["rows_rejected"].as_u64()), (Some(3), Some(3)), "{landed}");
    let landed = imports::imported(app, &shop, ("plain.csv", orders_file().as_bytes()), &[]).await;
    assert_eq!((landed["rows_landed"].as_u64(), landed["rows_rejected"].as_u64()), (Some(2), Some(1)), "{landed}");
    land(&shop.tenant, &shop.brand, "shopify", refunds()).await;
    shop
}

pub async fn post(app: &TestApp, shop: &Shop, what: &str, body: Value) -> Answer {
    let token = app.token(shop, Role::Owner);
    app.ask(Method::POST, &format!("/api/customers/{what}"), Some(&token), Some(body)).await
}

/// Both ways in which the person is known, erased.
pub async fn erased(app: &TestApp, shop: &Shop) -> [Value; 2] {
    // As somebody types it.
    let by_mail = post(app, shop, "erase", json!({ "email": " Canary.Person@shop.EXAMPLE " })).await;
    let by_id = post(app, shop, "erase", json!({ "customer_id": ID, "brand": shop.brand.slug })).await;
    [by_mail, by_id].map(|answer| {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    })
}

/// The whole dashboard, and who was new and who came back, day by day and by every place that stays.
pub async fn figures(app: &TestApp, shop: &Shop) -> Value {
    let token = app.token(shop, Role::Owner);
    let brand = &shop.brand.slug;
    let board = app.get(&format!("/api/brands/{brand}/dashboard?from=2026-10-25&to=2026-11-22"), &token).await;
    let (status, mut board) = (board.status, board.json());
    assert_eq!(status, StatusCode::OK, "{board}");
    board["freshness"].take();
    board["brand"].take();
    let mut all = vec![board];
    for by in [json!([]), json!(["day"]), json!(["customer_type"]), json!(["country"]), json!(["refund_reason"])] {
        let metrics = match by[0] == "refund_reason" {
            true => json!(["refunds"]),
            false => json!(["net_sales", "orders", "refunds", "customers", "new_customers", "returning_customers"]),
        };
        let time = json!({ "start": "2026-10-25", "end": "2026-11-22" });
        let query = json!({ "metrics": metrics, "dimensions": by, "time": time });
        let answer = app.ask(Method::POST, &format!("/api/brands/{brand}/query"), Some(&token), Some(query)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer = answer.json();
        all.push(json!([answer["columns"], answer["rows"], answer["totals"]]));
    }
    json!(all)
}

/// Every value of every table of the store, one a line, lower case; bytes as text and as hex.
pub fn dumped(tenant: &Tenant) -> String {
    let read = |conn: &rusqlite::Connection| {
        let mut names = conn.prepare("select name from sqlite_schema where type = 'table'")?;
        let names = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        let mut text = String::new();
        for name in names {
            let mut all = conn.prepare(&format!("select * from {name}"))?;
            let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                for (at, column) in columns.iter().enumerate() {
                    let value = match row.get_ref(at)? {
                        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                        // The hex first: as text, bytes may begin another line.
                        ValueRef::Blob(bytes) => format!("{bytes:02x?}{}", String::from_utf8_lossy(bytes)),
                        other => format!("{other:?}"),
                    };
                    text.push_str(&format!("{name}.{column}: {value}\n"));
                }
            }
        }
        Ok(text.to_lowercase())
    };
    tenant.db().read_blocking(read).unwrap()
}

/// The line that the first canary stands in, if one does.
pub fn canary_in(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let line = lower.lines().find(|line| CANARIES.iter().any(|canary| line.contains(canary)));
    line.map(str::to_owned)
}

/// The hashes that the store knows anybody by, and the row ids.
fn keys(tenant: &Tenant) -> Vec<(i64, [u8; 16])> {
    let read = |conn: &rusqlite::Connection| {
        let mut all = conn.prepare("select id, key from customers order by id")?;
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    tenant.db().read_blocking(read).unwrap()
}

#[tokio::test]
async fn erasure_leaves_every_figure_and_nothing_of_the_person_anywhere() {
    let app = TestApp::start().await;
    let (shop, other) = (planted(&app, "acme").await, planted(&app, "other").await);
    let (before, others) = (figures(&app, &shop).await, dumped(&other.tenant));
    assert!(figures(&app, &other).await == before, "two tenants with the same rows");
    assert!(
        canary_in(&dumped(&shop.tenant)).is_some() && canary_in(&format!("{:?}", dump(&shop.tenant).await)).is_some()
    );
    let (known, version) = (keys(&shop.tenant), shop.tenant.data_version());

    let [by_mail, by_id] = erased(&app, &shop).await;
    let removed = |receipt: &Value| {
        ["customers", "orders", "refunds", "import_rejects", "imports"]
            .map(|at| receipt["removed"][at].as_i64().unwrap())
    };
    assert_eq!((removed(&by_mail), removed(&by_id)), ([1, 2, 2, 2, 1], [1, 1, 0, 1, 0]), "{by_mail} {by_id}");
    assert_eq!((&by_mail["named_by"], &by_mail["brands"]), (&json!("email"), &json!([shop.brand.uid])));
    let until: Timestamp = by_mail["backups_until"].as_str().unwrap().parse().unwrap();
    let at: Timestamp = by_mail["erased_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.duration_since(at).as_hours(), 22 * 24, "seven days, three weeks and a day");

    // The log is empty, and the file holds nobody.
    let mut log = shop.tenant.db().path().as_os_str().to_owned();
    log.push("-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0, "old pages stay in the log");
    assert_eq!(canary_in(&dumped(&shop.tenant)), None);
    let now_known = keys(&shop.tenant);
    assert_eq!(now_known.len(), known.len(), "somebody stands where they stood");
    let stayed = now_known.iter().filter(|row| known.contains(row)).count();
    assert_eq!(stayed, known.len() - 2, "their hashes are gone and so are their numbers");
    let gone: Vec<_> = known.iter().filter(|row| !now_known.contains(row)).collect();
    let text = dumped(&shop.tenant);
    for (id, key) in gone {
        let (whole, hash) = (format!("customer_id: integer({id})\n"), format!("{key:02x?}"));
        assert!(!text.contains(&whole), "customer {id} is somewhere still");
        let places: Vec<&str> = text.lines().filter(|line| line.contains(&hash)).collect();
        assert!(places.len() == 1 && places[0].starts_with("erased_customers.key"), "{places:?}");
    }

    // Every figure, also of a warehouse that is built anew.
    assert!(shop.tenant.data_version() > version, "pages that were kept are not shown again");
    assert!(figures(&app, &shop).await == before, "a figure has changed");
    assert_derived_tables_agree(&shop.tenant).await;
    let followed = dump(&shop.tenant).await;
    assert_eq!(canary_in(&format!("{followed:#?}")), None);
    warehouse::of(&shop.tenant).rebuild(&shop.tenant).await.unwrap();
    assert_eq!(dump(&shop.tenant).await, followed, "followed and built anew");
    assert!(figures(&app, &shop).await == before, "a figure has changed");

    // Whoever asks, however they ask.
    for asked in [json!({ "email": ADDRESS }), json!({ "customer_id": ID })] {
        let kept = post(&app, &shop, "export", asked).await.json();
        let of = &kept["brands"][0];
        assert_eq!([&of["orders"], &of["refunds"], &of["rejected_rows"], &of["files"]], [&json!([]); 4], "{kept}");
    }
    let mut tar = Vec::new();
    let about = About { slug: "acme", name: "acme", at: now() };
    shop.tenant.db().read_blocking(|conn| export::write(conn, &shop.tenant.archives(), &about, &mut tar)).unwrap();
    assert_eq!(canary_in(&String::from_utf8_lossy(&tar)), None, "the tenant's export");
    assert_eq!(canary_in(&everything_read(&app, &shop).await), None, "over HTTP");
    assert!(dumped(&other.tenant) == others, "another tenant's customer was touched");
}

/// What the API says of imports, their refused rows, erasures and the person's place.
async fn everything_read(app: &TestApp, shop: &Shop) -> String {
    let token = app.token(shop, Role::Owner);
    let path = format!("/api/brands/{}/imports", shop.brand.slug);
    let listed = app.get(&path, &token).await.json();
    let mut text = listed.to_string();
    for import in listed["imports"].as_array().unwrap() {
        let path = format!("{path}/{}/rejects", import["id"].as_str().unwrap());
        text.push_str(&String::from_utf8_lossy(&app.get(&path, &token).await.body));
    }
    text.push_str(&app.get("/api/customers/erasures", &token).await.json().to_string());
    for by in ["city", "customer", "order"] {
        let query = json!({ "metrics": ["net_sales"], "dimensions": [by], "time": { "range": "30d" } });
        let path = format!("/api/brands/{}/query", shop.brand.slug);
        let answer = app.ask(Method::POST, &path, Some(&token), Some(query)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        text.push_str(&answer.json().to_string());
    }
    text
}

#[tokio::test]
async fn a_copy_holds_all_of_one_person_and_nobody_else_and_is_told() {
    let app = TestApp::start().await;
    let (shop, other) = (planted(&app, "acme").await, app.shop("other").await);
    let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
    let of = &kept["brands"][0];
    let count = |of: &Value| ["orders", "refunds", "rejected_rows", "files"].map(|at| of[at].as_array().unwrap().len());
    assert_eq!((count(of), &of["brand"]), ([2, 2, 2, 1], &json!(shop.brand.uid)), "{kept}");
    let first = &of["orders"][0];
    assert_eq!(
        (&first["name"], &first["city"], &first["country"]),
        (&json!("#1001"), &json!("Canaryville"), &json!("US"))
    );
    assert_eq!((&first["lines"][0]["price"], &first["lines"][0]["quantity"]), (&json!("50.00"), &json!(2)));
    assert_eq!((&of["refunds"][0]["goods"], &of["refunds"][0]["reason"]), (&json!("50.00"), &json!("Too small")));
    assert!(of["rejected_rows"][1].as_str().unwrap().contains("Jug"), "the whole order that was refused: {kept}");
    assert!(!kept.to_string().to_lowercase().contains("bob"), "{kept}");
    let kept = post(&app, &shop, "export", json!({ "customer_id": ID })).await.json();
    assert_eq!(count(&kept["brands"][0]), [1, 0, 1, 0], "{kept}");
    for unknown in [json!({ "customer_id": "canary-17850" }), json!({ "email": "person@shop.example" })] {
        let kept = post(&app, &shop, "export", unknown).await.json();
        assert_eq!(count(&kept["brands"][0]), [0; 4], "{kept}");
    }
    let kept = post(&app, &other, "export", json!({ "email": ADDRESS })).await.json();
    assert_eq!(count(&kept["brands"][0]), [0; 4], "another tenant's: {kept}");
    let told = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 1_000)).unwrap();
    let told: Vec<_> = told.iter().filter(|event| event.kind == "customer.exported").collect();
    assert_eq!((told.len(), told[0].actor.clone()), (4, format!("user:{}", shop.person(Role::Owner).id)));
    assert_eq!(canary_in(&format!("{told:?}")), None);
}

#[tokio::test]
async fn erasing_twice_is_harmless_and_each_time_has_a_receipt_that_names_nobody() {
    let app = TestApp::start().await;
    let (shop, other) = (planted(&app, "acme").await, planted(&app, "other").await);
    let [first, _] = erased(&app, &shop).await;
    let (rows, before) =
        (imports::number(&shop.tenant, "select count(*) from customers").await, figures(&app, &shop).await);
    let again = post(&app, &shop, "erase", json!({ "email": ADDRESS })).await.json();
    assert!(again["removed"].as_object().unwrap().values().all(|count| *count == 0), "{again}");
    assert_ne!(again["id"], first["id"]);
    assert_eq!(imports::number(&shop.tenant, "select count(*) from customers").await, rows);
    assert!(figures(&app, &shop).await == before, "a figure has changed");
    // Somebody who was never here, and a tenant without anything.
    let nobody = post(&app, &shop, "erase", json!({ "email": "nobody@shop.example" })).await;
    assert_eq!(nobody.status, StatusCode::OK, "{nobody:?}");

    let token = app.token(&shop, Role::Admin);
    let listed = app.get("/api/customers/erasures", &token).await.json();
    let receipts = listed["erasures"].as_array().unwrap();
    assert_eq!(receipts.len(), 4);
    assert!(receipts.contains(&first) && receipts.contains(&again), "as they were handed out: {listed}");
    let stays = first["stays"].as_array().unwrap();
    assert!(stays.len() >= 3 && stays.iter().all(|one| one["what"].is_string() && one["why"].is_string()), "{first}");
    assert_eq!(canary_in(&listed.to_string()), None);
    let others = app.get("/api/customers/erasures", &app.token(&other, Role::Owner)).await.json();
    assert_eq!(others["erasures"], json!([]));

    let told = shop.tenant.db().read_blocking(|conn| events::read_from(conn, "test", 1_000)).unwrap();
    assert_eq!(told.iter().filter(|event| event.kind == "customer.erased").count(), 4);
    assert_eq!(canary_in(&format!("{told:?}")), None, "the log names whom it must not");
    assert_eq!(app.app.tenants.verify_events(&shop.tenant).await.unwrap().fault, None);
}

#[tokio::test]
async fn the_same_file_again_brings_the_orders_and_not_the_person() {
    let app = TestApp::start().await;
    let shop = planted(&app, "acme").await;
    let before = figures(&app, &shop).await;
    erased(&app, &shop).await;
    let stands = keys(&shop.tenant);
    for (round, changed) in [(1, [2, 1]), (2, [0, 0])] {
        let landed = [("orders.csv", shopify_file()), ("plain.csv", orders_file())];
        for ((name, file), changed) in landed.iter().zip(changed) {
            let landed = imports::imported(&app, &shop, (name, file.as_bytes()), &[]).await;
            assert_eq!(landed["rows_landed"], changed, "round {round}: {landed}");
        }
        land(&shop.tenant, &shop.brand, "shopify", refunds()).await;
        assert_eq!(keys(&shop.tenant), stands, "nobody is added");
        assert!(figures(&app, &shop).await == before, "round {round}");
        assert_derived_tables_agree(&shop.tenant).await;
        let text = dumped(&shop.tenant);
        let named: Vec<&str> = text.lines().filter(|line| canary_in(line).is_some()).collect();
        assert!(
            named.iter().all(|line| line.starts_with("import_rejects.row")),
            "what a new file refuses is new: {named:?}"
        );
    }
    let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
    assert_eq!((&kept["brands"][0]["orders"], &kept["brands"][0]["refunds"]), (&json!([]), &json!([])), "{kept}");
}

#[tokio::test]
async fn a_file_that_never_was_here_lands_its_orders_under_somebody_new_and_whoever_comes_back_is_a_customer() {
    let app = TestApp::start().await;
    let (shop, plain) = (app.shop("acme").await, planted(&app, "plain").await);
    post(&app, &shop, "erase", json!({ "email": ADDRESS })).await;
    post(&app, &shop, "erase", json!({ "customer_id": ID })).await;
    // The refund comes before its order: it must not bring the person by itself.
    land(&shop.tenant, &shop.brand, "shopify", refunds()).await;
    imports::imported(&app, &shop, ("orders.csv", shopify_file().as_bytes()), &[]).await;
    imports::imported(&app, &shop, ("plain.csv", orders_file().as_bytes()), &[]).await;
    let of = |query: &'static str, shop: &Shop| {
        let tenant = shop.tenant.clone();
        async move { imports::number(&tenant, query).await }
    };
    let theirs = "select count(*) from orders where name is null and city is null and customer_id is not null";
    assert_eq!(of(theirs, &shop).await, 3);
    let together = "select count(distinct customer_id) from orders where external_id in ('#1001', '#1002')
                    or id in (select order_id from refunds)";
    assert_eq!(of(together, &shop).await, 1, "one source's orders of one person are one person's");
    assert_eq!(of("select count(*) from refunds where customer_id is null", &shop).await, 0);
    let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
    assert_eq!((&kept["brands"][0]["orders"], &kept["brands"][0]["refunds"]), (&json!([]), &json!([])), "{kept}");
    let (here, there) = (figures(&app, &shop).await, figures(&app, &plain).await);
    let totals = |figures: &Value| figures[1][2].as_array().unwrap()[..3].to_vec();
    assert_eq!(totals(&here), totals(&there), "the sums are those of a shop that erased nobody");

    let new =
        Batch { orders: vec![order("9", "2036-01-01T12:00:00Z", "canary.person", "B1", 1, 20)], ..Batch::default() };
    land(&shop.tenant, &shop.brand, "shopify", new).await;
    let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
    assert_eq!(
        kept["brands"][0]["orders"].as_array().unwrap().len(),
        1,
        "an order after the erasure is theirs: {kept}"
    );
    // And that can be erased as well, though it lies in the future.
    post(&app, &shop, "erase", json!({ "email": ADDRESS })).await;
    let kept = post(&app, &shop, "export", json!({ "email": ADDRESS })).await.json();
    assert_eq!(kept["brands"][0]["orders"], json!([]), "{kept}");
}
