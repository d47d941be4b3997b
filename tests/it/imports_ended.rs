//! Imports that end early: killed, stopped, overlapping. What had landed stays, and the same file again completes it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use pulsepoint::app::App;
use pulsepoint::auth::Author;
use pulsepoint::clock::Clock;
use pulsepoint::error::Error;
use pulsepoint::http::Settings;
use pulsepoint::imports::{self, Imports, Limits, Options};
use pulsepoint::secrets::MasterKey;
use pulsepoint::tenants::{Tenant, Tenants};

use crate::imports::{brand, number, run};
use crate::support::app::{TestApp, now};

const CHILD: &str = "PULSEPOINT_TEST_CHILD_IMPORTS_INTO";
const ORDERS: u64 = 12_000;

fn file() -> Vec<u8> {
    let mut out = String::from("order,sku,title,quantity,unit_price,placed_at,customer\n");
    for i in 0..ORDERS {
        let (day, sku) = (i % 28 + 1, i % 50);
        out.push_str(&format!(
            "O-{i},S-{sku},Thing {sku},{},{}.25,2026-10-{day:02} 10:00:00,c{}\n",
            i % 3 + 1,
            sku + 1,
            i % 900
        ));
    }
    out.into_bytes()
}

/// Everything that the file says, in the file's own terms.
async fn contents(tenant: &Tenant) -> Vec<String> {
    let sql = "select o.external_id || '|' || o.placed_at || '|' || coalesce(hex(c.key), '') || '|' || l.line_no || '|' || v.key || '|'
        || l.quantity || '|' || l.price_micros from orders o join order_lines l on l.order_id = o.id
        join variants v on v.id = l.variant_id left join customers c on c.id = o.customer_id order by 1";
    tenant
        .db()
        .read(move |conn| {
            Ok(conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?)
        })
        .await
        .unwrap()
}

/// Not a test of its own: what [`killed_half_way_and_started_again_ends_like_an_undisturbed_run`] kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_imports() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = std::path::Path::new(&folder);
    let (master, _) = MasterKey::load(folder, None, false).unwrap();
    let clock = Clock::fixed(now());
    let tenants = Tenants::start(folder, master, clock.clone(), &Default::default()).unwrap();
    let app = App::start(tenants.clone(), clock.clone(), Settings::default()).await.unwrap();
    drop(app);
    let tenant = tenants.by_slug("acme").await.unwrap();
    let brand =
        tenant.db().read(|conn| pulsepoint::brands::get(conn, &pulsepoint::auth::Reach::All, "acme")).await.unwrap();
    let imports = Imports::new(clock, Limits { batch_rows: 100, ..Limits::default() });
    let by = Author::without_request("cli");
    let told = |now: imports::Progress| {
        if now.rows_read > 0 {
            println!("landed {}", now.rows_read);
            std::io::stdout().flush().unwrap();
        }
    };
    imports.run_file((&tenant, &brand), Options::default(), by, file().as_slice(), told).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_half_way_and_started_again_ends_like_an_undisturbed_run() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let other = app.shop("globex").await;
    let (folder, bytes) = (app.folder().to_owned(), file());
    run(&app, (&other.tenant, &other.brand), &bytes, Options::default()).await.unwrap();
    let expected = contents(&other.tenant).await;
    drop(shop);
    app.app.tenants.close_all().await.unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "imports_ended::child_that_imports", "--nocapture"])
        .env(CHILD, &folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let landed =
        lines.map_while(Result::ok).find(|line| line.starts_with("landed ")).expect("the child lands something");
    child.kill().unwrap();
    child.wait().unwrap();
    let tenants = app.app.tenants.clone();
    let tenant = tenants.by_slug("acme").await.unwrap();
    let orders = number(&tenant, "select count(*) from orders").await;
    assert!(orders > 0 && orders < i64::try_from(ORDERS).unwrap(), "{orders} landed before the kill ({landed})");
    let brand =
        tenant.db().read(|conn| pulsepoint::brands::get(conn, &pulsepoint::auth::Reach::All, "acme")).await.unwrap();
    let done = run(&app, (&tenant, &brand), &bytes, Options::default()).await.unwrap();
    assert_eq!(done.counts.landed + done.counts.unchanged, ORDERS);
    assert!(done.counts.unchanged >= u64::try_from(orders).unwrap() && done.counts.landed > 0, "{done:?}");
    let left = tenant.db().read(move |conn| imports::list(conn, brand.id)).await.unwrap();
    let states: Vec<&str> = left.iter().map(|import| import.state.as_str()).collect();
    assert_eq!(states, ["done", "interrupted"]);
    assert!(left[1].error.as_deref().unwrap().contains("import the same file again"));
    let identity = |rows: Vec<String>| {
        rows.into_iter()
            .map(|row| {
                row.split('|')
                    .enumerate()
                    .filter(|(i, _)| *i != 2)
                    .map(|(_, p)| p.to_owned())
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect::<Vec<_>>()
    };
    assert!(identity(contents(&tenant).await) == identity(expected), "both tenants hold the same");
    assert_eq!(number(&tenant, "select count(*) from customers").await, 900);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_interrupts_between_batches_and_says_so() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let imports = Imports::new(app.app.clock.clone(), Limits { batch_rows: 50, ..Limits::default() });
    let (runner, tenant, brand) = (imports.clone(), shop.tenant.clone(), shop.brand.clone());
    let (say, mut heard) = tokio::sync::watch::channel(0);
    let running = tokio::spawn(async move {
        let told = |now: imports::Progress| _ = say.send_replace(now.rows_read);
        runner
            .run_file((&tenant, &brand), Options::default(), Author::without_request("cli"), file().as_slice(), told)
            .await
    });
    heard.wait_for(|rows| *rows > 0).await.unwrap();
    imports.close().await;
    match running.await.unwrap() {
        Err(Error::Unavailable { code, .. }) => assert_eq!(code, "import_interrupted"),
        other => panic!("{other:?}"),
    }
    let brand_id = shop.brand.id;
    let left = shop.tenant.db().read(move |conn| imports::list(conn, brand_id)).await.unwrap();
    assert_eq!(left[0].state, "interrupted");
    let orders = number(&shop.tenant, "select count(*) from orders").await;
    assert_eq!(u64::try_from(orders).unwrap(), left[0].counts.landed);
    assert!(orders > 0 && left[0].counts.landed < ORDERS);
    assert_eq!(number(&shop.tenant, "select count(*) from events where kind = 'import.interrupted'").await, 1);
    assert_eq!(shop.tenant.data_version(), number(&shop.tenant, "select max(seq) from change_log").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_imports_take_turns() {
    let app = TestApp::start().await;
    let shop = app.shop("acme").await;
    let second = brand(&shop.tenant, "second", "EUR", "Europe/Paris").await;
    let bytes = file();
    let (a, b, c) = tokio::join!(
        run(&app, (&shop.tenant, &shop.brand), &bytes, Options::default()),
        run(&app, (&shop.tenant, &shop.brand), &bytes, Options::default()),
        run(&app, (&shop.tenant, &second), &bytes, Options::default()),
    );
    let counts = [a.unwrap().counts, b.unwrap().counts, c.unwrap().counts];
    let mut same_brand = [counts[0].landed, counts[1].landed];
    same_brand.sort_unstable();
    assert_eq!(same_brand, [0, ORDERS]);
    assert_eq!(counts[2].landed, ORDERS);
    assert_eq!(number(&shop.tenant, "select count(*) from orders").await, 2 * i64::try_from(ORDERS).unwrap());
}
