//! Each format in each dress lands what it says, and changes nothing when it comes again.

use pulsepoint::imports::Options;

use crate::imports::{imported, number, run};
use crate::support::app::TestApp;

macro_rules! fixture {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../fixtures/imports/", $name)).as_slice())
    };
}

#[tokio::test]
async fn every_format_lands_once() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let map = "format = \"orders\"\ncurrency = \"EUR\"\ntimezone = \"Europe/Berlin\"\n[columns]\norder = \"order\"\nsku = \"sku\"\n\
        title = \"title\"\nquantity = \"quantity\"\nunit_price = \"unit_price\"\nplaced_at = \"placed_at\"\ncustomer = \"customer\"\n\
        country = \"country\"\ndiscount = \"discount\"\n";
    for (file, fields, format, landed, rejected) in [
        (fixture!("shopify_orders.csv"), vec![], "shopify_orders", 7, 2),
        (fixture!("shopify_products.csv"), vec![], "shopify_products", 4, 0),
        (fixture!("shopify_products_newer.csv"), vec![], "shopify_products", 2, 0),
        (fixture!("shopify_inventory_columns.csv"), vec![], "shopify_inventory", 4, 1),
        (fixture!("shopify_inventory_rows.csv"), vec![], "shopify_inventory", 3, 0),
        (fixture!("meta_ads_en.csv"), vec![("timezone", "America/New_York")], "meta_ads", 3, 0),
        (fixture!("meta_ads_de.csv"), vec![("account", "Juniper DE")], "meta_ads", 2, 0),
        (fixture!("meta_ads_fr.csv"), vec![("account", "Juniper FR")], "meta_ads", 1, 0),
        (fixture!("meta_ads_es.csv"), vec![("account", "Juniper ES")], "meta_ads", 1, 0),
        (fixture!("google_ads_en.csv"), vec![("account", "111-222-3333")], "google_ads", 3, 0),
        (fixture!("google_ads_de_utf16.csv"), vec![("account", "DE")], "google_ads", 1, 0),
        (fixture!("google_ads_fr.csv"), vec![("account", "FR")], "google_ads", 1, 0),
        (fixture!("google_ads_es.csv"), vec![("account", "ES")], "google_ads", 1, 0),
        (fixture!("tiktok_ads_en.csv"), vec![], "tiktok_ads", 2, 0),
        (fixture!("tiktok_ads_older.csv"), vec![("account", "old")], "tiktok_ads", 1, 0),
        (fixture!("orders_semicolon.csv"), vec![("map", map)], "orders", 2, 1),
        (fixture!("eurofxref-hist.csv"), vec![], "rates", 11, 0),
    ] {
        let first = imported(&app, &shop, file, &fields).await;
        let told = |import: &serde_json::Value| {
            let n = |key: &str| import[key].as_u64().unwrap();
            (import["format"].as_str().unwrap().to_owned(), n("rows_landed"), n("rows_unchanged"), n("rows_rejected"))
        };
        assert_eq!(told(&first), (format.to_owned(), landed, 0, rejected), "{}: {first}", file.0);
        let version = shop.tenant.data_version();
        let second = imported(&app, &shop, file, &fields).await;
        assert_eq!((told(&second).1, told(&second).3), (0, rejected), "{} again: {second}", file.0);
        assert_eq!(shop.tenant.data_version(), version, "{} again", file.0);
    }
    figures(&shop.tenant).await;
}

async fn figures(tenant: &pulsepoint::tenants::Tenant) {
    let spend = "select sum(d.spend_micros) from ad_days d join ads a on a.id = d.ad_id join ad_accounts c on c.id = a.account_id where c.channel = 'google' and c.name <> '111-222-3333'";
    assert_eq!(number(tenant, spend).await, 3 * 1_069_270_000);
    assert_eq!(number(tenant, "select count(*) from ad_accounts where currency = 'EUR'").await, 6);
    let names = "select count(*) from ads where campaign in ('Campaña', 'Marke', 'Reciblage')";
    assert_eq!(number(tenant, names).await, 3);
    assert_eq!(
        number(tenant, "select price_micros from order_lines where price_micros > 1000000000").await,
        1_030_000_000
    );
    let berlin = "select placed_at from orders where external_id = 'A-1'";
    assert_eq!(number(tenant, berlin).await, "2026-11-03T13:05:00Z".parse::<jiff::Timestamp>().unwrap().as_second());
    assert_eq!(number(tenant, "select count(*) from rates where base = 'EUR'").await, 11);
    assert_eq!(number(tenant, "select count(*) from unit_costs where from_day = '1970-01-01'").await, 5);
}

#[tokio::test]
async fn orders_whose_rows_stand_apart_are_put_together() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let mut file = String::from("order,sku,title,quantity,unit_price,placed_at\n");
    for part in 0..3 {
        for order in 0..2_000 {
            file.push_str(&format!("O-{order},S-{part},Thing {part},1,2.50,2026-11-01 10:00:00\n"));
        }
    }
    let done = run(&app, (&shop.tenant, &shop.brand), file.as_bytes(), Options::default()).await.unwrap();
    assert_eq!((done.counts.read, done.counts.landed), (6_000, 6_000));
    assert_eq!(number(&shop.tenant, "select count(*) from orders").await, 2_000);
    assert_eq!(
        number(&shop.tenant, "select min(n) from (select count(*) n from order_lines group by order_id)").await,
        3
    );
    let version = shop.tenant.data_version();
    let again = run(&app, (&shop.tenant, &shop.brand), file.as_bytes(), Options::default()).await.unwrap();
    assert_eq!((again.counts.landed, again.counts.unchanged), (0, 6_000));
    assert_eq!(shop.tenant.data_version(), version);
}

#[tokio::test]
async fn a_cost_counts_from_the_beginning_once_and_from_today_after_a_change() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let products = |cost: &str| {
        format!(
            "Handle,Title,Option1 Value,Variant SKU,Variant Price,Cost per item\nmug,Mug,Default Title,MUG,9.00,{cost}\n"
        )
    };
    for (cost, days) in [("3.00", 1), ("3.00", 1), ("3.50", 2), ("3.50", 2)] {
        run(&app, (&shop.tenant, &shop.brand), products(cost).as_bytes(), Options::default()).await.unwrap();
        assert_eq!(number(&shop.tenant, "select count(*) from unit_costs").await, days, "{cost}");
    }
    let later = "select cost_micros from unit_costs where from_day = '2026-11-22'";
    assert_eq!(number(&shop.tenant, later).await, 3_500_000);
}

#[tokio::test]
async fn a_restated_ad_file_replaces_only_its_own_campaigns_and_days() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let report = |rows: &str| format!("Day,Campaign,Ad group,Cost,Impr.,Clicks\n{rows}");
    let first = report(
        "2026-10-01,A,one,1.00,10,1\n2026-10-01,A,two,2.00,20,2\n2026-10-02,A,one,4.00,40,4\n2026-10-01,B,one,8.00,80,8\n",
    );
    run(&app, (&shop.tenant, &shop.brand), first.as_bytes(), Options::default()).await.unwrap();
    let spend = "select sum(spend_micros) / 10000 from ad_days";
    assert_eq!(number(&shop.tenant, spend).await, 1500);
    // On 1 October campaign A has lost its second group and its first was restated; all else stays.
    run(&app, (&shop.tenant, &shop.brand), report("2026-10-01,A,one,1.50,10,1\n").as_bytes(), Options::default())
        .await
        .unwrap();
    assert_eq!(number(&shop.tenant, spend).await, 150 + 400 + 800);
}

#[tokio::test]
async fn dates_that_can_be_read_two_ways_are_asked_for() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let file = ("ads.csv", b"Day,Campaign,Cost,Impr.\n01/02/2026,A,1,1\n03/04/2026,A,1,1\n".as_slice());
    let asked = imported(&app, &shop, file, &[]).await;
    assert_eq!(asked["state"], "failed");
    assert!(asked["error"].as_str().unwrap().contains("date_format"), "{asked}");
    assert_eq!(number(&shop.tenant, "select count(*) from ad_days").await, 0);
    let said = imported(&app, &shop, file, &[("date_format", "DD/MM/YYYY")]).await;
    assert_eq!(said["state"], "done");
    assert_eq!(number(&shop.tenant, "select count(*) from ad_days where day in ('2026-02-01', '2026-04-03')").await, 2);
}

/// What a brand has of orders, without ids; the digests hold no customer here, so that two tenants can be compared.
async fn lines(tenant: &pulsepoint::tenants::Tenant) -> Vec<String> {
    let sql = "select json_array(o.external_id, hex(o.digest), o.placed_at, l.line_no, v.key, v.title, l.quantity, l.price_micros)
        from orders o join order_lines l on l.order_id = o.id join variants v on v.id = l.variant_id order by 1";
    let read = |conn: &rusqlite::Connection| {
        Ok(conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    tenant.db().read(read).await.unwrap()
}

/// A command's file is surveyed while it comes, an upload's afterwards: what only the file's end tells must count in both.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_surveyed_on_the_way_lands_like_one_surveyed_afterwards() {
    let scattered = |title: &str, last: &str| {
        let mut file = String::from("order;sku;title;quantity;unit_price;placed_at\n");
        for row in 0..30_000 {
            let (order, sku) = (row % 11_000, row % 700);
            file.push_str(&format!("O-{order};S-{sku};{title} {sku} größer;1;2,125;05.04.2026 10:00:00\n"));
        }
        file + last
    };
    let utf8 = scattered("Stuhl, naïve Ausführung – für draußen", "O-1;S-9;Ende;3;1.234,50;28.04.2026 10:00:00\n")
        .into_bytes();
    assert!(utf8.len() > 2 << 20, "the file comes in several pieces");
    let mut windows = scattered("Chair", "").replace("größer", "large").into_bytes();
    windows.extend_from_slice(b"O-2;S-8;Gr\xf6\xdfe;1;2,50;06.04.2026 10:00:00\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &utf8).unwrap();
    let packed = packed.finish().unwrap();
    let cut = packed[..packed.len() - 100].to_vec();
    // Which of day and month comes first, no row tells.
    let open = scattered("Lamp", "").replace("05.04.2026", "05/04/2026").into_bytes();
    let app = TestApp::start().await;
    for (slug, bytes, found) in [
        ("utf8", utf8, 30_001),
        ("windows", windows, 30_001),
        ("packed", packed, 30_001),
        ("cut", cut, 0),
        ("open", open, 0),
    ] {
        let early = app.shop(&format!("{slug}-early")).await;
        let late = app.shop(&format!("{slug}-late")).await;
        let told = match run(&app, (&early.tenant, &early.brand), &bytes, Options::default()).await {
            Ok(done) => (done.counts.landed, String::new()),
            Err(error) => (0, error.to_string()),
        };
        let done = imported(&app, &late, ("orders.csv", &bytes), &[]).await;
        let error = done["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(told, (done["rows_landed"].as_u64().unwrap(), error), "{slug}");
        assert_eq!((told.0, told.1.is_empty()), (found, found > 0), "{slug}: {told:?}");
        let there = lines(&late.tenant).await;
        assert_eq!(there.len() as u64, found, "{slug}");
        assert!(lines(&early.tenant).await == there, "{slug}: the two differ");
    }
}
