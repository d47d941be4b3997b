//! The four platforms, simulated, and a whole Pulsepoint that pulls them under the same clock.

use std::path::Path;

use pulsepoint::app::App;
use pulsepoint::auth::Reach;
use pulsepoint::brands::Brand;
use pulsepoint::connectors::sandbox::{self, Options, Sandbox};
use pulsepoint::connectors::{self, Credentials, Source};
use pulsepoint::money::parse_micros;
use pulsepoint::secrets::MasterKey;
use pulsepoint::sync::manage::Wanted;
use pulsepoint::sync::{IntegrationView, Parts, Settings};
use pulsepoint::tenants::{Steps, Tenant, Tenants};
use serde_json::{Map, Value, json};

use super::ads::{assert_equal, expected, landed};
use super::pulled::{Hands, Pulled, me, one};

/// A platform as the suite knows it.
#[derive(Clone, Copy)]
pub struct Case {
    pub source: Source,
    /// Its name in the simulator's totals.
    pub platform: &'static str,
}

pub const CASES: [Case; 4] = [
    Case { source: Source::Shopify, platform: "shopify" },
    Case { source: Source::MetaAds, platform: "meta" },
    Case { source: Source::TiktokAds, platform: "tiktok" },
    Case { source: Source::GoogleAds, platform: "google" },
];
const SHOPS: [&str; 2] = ["juniper-oak.myshopify.com", "juniper-oak-eu.myshopify.com"];

impl Case {
    /// What signs in; a code that is good once differs by `mark`.
    pub fn credentials(self, mark: &str) -> Credentials {
        let named: &[(&str, &str)] = match self.source {
            Source::Shopify => &[("client_id", "sandbox-client"), ("client_secret", "shpss_sandbox")],
            Source::MetaAds => &[("access_token", "EAAsandbox"), ("app_secret", "meta_sandbox_secret")],
            Source::TiktokAds => {
                &[("app_id", "7000000000000000001"), ("app_secret", "tiktok_sandbox_secret"), ("auth_code", "code-")]
            }
            Source::GoogleAds => &[
                ("client_id", "sandbox.apps.googleusercontent.com"),
                ("client_secret", "GOCSPX-sandbox"),
                ("refresh_token", "1//sandbox-refresh"),
                ("developer_token", "sandbox-developer-token"),
            ],
        };
        named.iter().fold(Credentials::default(), |all, (name, text)| {
            let text = if *name == "auth_code" { format!("{text}{mark}") } else { (*text).to_owned() };
            all.with(name, text, None)
        })
    }

    /// Settings of the tenant with this number.
    pub fn settings(self, number: usize) -> Map<String, Value> {
        let settings = match self.source {
            Source::Shopify => json!({ "shop": SHOPS[number] }),
            Source::GoogleAds => json!({ "history_days": 100 }),
            _ => json!({ "history_days": 100 }),
        };
        settings.as_object().unwrap().clone()
    }
}

/// It.
pub struct Simulated {
    pub pulled: Pulled,
    pub sandbox: Sandbox,
}

/// A tenant that pulls one platform.
pub struct Connected {
    pub case: Case,
    pub number: usize,
    pub tenant: Tenant,
    pub id: String,
}

/// An instance over a folder that asks the simulator.
pub async fn app(data: &Path, hands: &Hands, url: &str, steps: Steps) -> App {
    let (master, _) = MasterKey::load(data, None, true).unwrap();
    let tenants = Tenants::start(data, master, hands.clock(), &Default::default()).unwrap();
    let shared = connectors::Settings { sandbox_url: url.to_owned(), offline: true, ..connectors::Settings::default() };
    let parts = Parts { settings: Settings::default(), shared, connectors: connectors::all(), steps };
    App::start(tenants, hands.clock(), Default::default()).await.unwrap().with_sync(parts)
}

impl Simulated {
    pub async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let (folder, hands) = (tempfile::tempdir().unwrap(), Hands::at("2026-11-22T12:00:00Z"));
        let mut options = Options { throttle: false, orders: 300, ..Options::new(hands.clock()) };
        change(&mut options);
        let sandbox = sandbox::start(options).await.unwrap();
        let app = app(folder.path(), &hands, &sandbox.url, Steps::default()).await;
        Self { pulled: Pulled { app, hands, folder }, sandbox }
    }

    pub async fn connect(&self, case: Case, number: usize) -> Connected {
        let (tenant, brand) = self.pulled.shop(&format!("{}-{number}", case.platform)).await;
        let id = connect(&self.pulled.app, (&tenant, &brand), case, number).await.id;
        Connected { case, number, tenant, id }
    }

    pub async fn control(&self, what: &str, body: Value) -> Value {
        self.sandbox.control(what, body).await.unwrap()
    }

    /// What goes wrong next.
    pub async fn faults(&self, faults: Value) {
        self.control("faults", json!({ "fault": faults })).await;
    }

    pub async fn view(&self, of: &Connected) -> IntegrationView {
        self.pulled.app.sync.show(&of.tenant, &of.id, Reach::All).await.unwrap()
    }

    /// Lets time pass until an integration is healthy.
    pub async fn until_healthy(&self, of: &Connected) {
        for _ in 0..2_000 {
            self.pulled.run().await;
            if self.view(of).await.state == pulsepoint::sync::State::Healthy {
                return;
            }
            self.pulled.hands.forward(std::time::Duration::from_secs(5));
        }
        panic!("{}: {:?}", of.case.platform, self.view(of).await);
    }

    /// Looks for what is new at this very moment, to the end.
    pub async fn settle(&self, of: &Connected) {
        self.pulled.app.sync.sync_now(&of.tenant, &of.id, me()).await.unwrap();
        for _ in 0..500 {
            self.pulled.run().await;
            let now = self.pulled.hands.now();
            let view = self.view(of).await;
            if view.streams.iter().all(|stream| stream.pass.is_none() && stream.next_at > now) {
                return;
            }
            self.pulled.hands.forward(std::time::Duration::from_secs(2));
        }
        panic!("{}: {:?}", of.case.platform, self.view(of).await);
    }

    /// Fails where what landed is not what the platform has.
    pub async fn assert_adds_up(&self, of: &Connected, what: &str) {
        self.settle(of).await;
        self.adds_up(of, what);
    }

    /// [`Self::assert_adds_up`], as it is.
    pub fn adds_up(&self, of: &Connected, what: &str) {
        let what = format!("{} {what}", of.case.platform);
        match of.case.source {
            Source::Shopify => shop_adds_up(&of.tenant, &self.sandbox.totals()["shopify"][of.number], &what),
            _ => assert_equal(&landed(&of.tenant), &expected(&self.sandbox, of.case.platform, None), &what),
        }
    }
}

pub async fn connect(app: &App, (tenant, brand): (&Tenant, &Brand), case: Case, number: usize) -> IntegrationView {
    let wanted = Wanted {
        source: case.source,
        brand: brand.slug.clone(),
        credentials: case.credentials(&format!("{}-{number}", tenant.slug())),
        settings: case.settings(number),
    };
    app.sync.connect(tenant, wanted, me()).await.unwrap()
}

/// What landed of a shop against its own figures.
fn shop_adds_up(tenant: &Tenant, totals: &Value, what: &str) {
    let number = |sql: &str| one::<i64>(tenant, sql);
    let micros = |field: &str| parse_micros(totals[field].as_str().unwrap()).unwrap();
    let lines = "from order_lines l join orders o on o.id = l.order_id where o.test = 0";
    let refunded =
        "from refund_lines l join refunds r on r.id = l.refund_id join orders o on o.id = r.order_id where o.test = 0";
    for (field, sql) in [
        ("orders", "select count(*) from orders where test = 0".to_owned()),
        ("test_orders", "select count(*) from orders where test = 1".to_owned()),
        ("cancelled_orders", "select count(*) from orders where test = 0 and cancelled_at is not null".to_owned()),
        ("customers", "select count(distinct customer_id) from orders where test = 0".to_owned()),
        ("lines", format!("select count(*) {lines}")),
        ("units", format!("select sum(quantity) {lines} and gift_card = 0")),
        ("refunds", "select count(*) from refunds r join orders o on o.id = r.order_id where o.test = 0".to_owned()),
        ("refunded_units", format!("select coalesce(sum(l.quantity), 0) {refunded}")),
        ("products", "select count(distinct product_id) from product_sources".to_owned()),
    ] {
        assert_eq!(json!(number(&sql)), totals[field], "{what}: {field}");
    }
    let net = number(&format!("select sum(price_micros * quantity - discount_micros) {lines} and gift_card = 0"));
    assert_eq!(net, micros("gross_sales") - micros("discounts"), "{what}: gross less discounts");
    let goods = number(&format!("select coalesce(sum(l.goods_micros), 0) {refunded}"));
    assert_eq!(goods, micros("refunds_goods") + micros("refund_discrepancies"), "{what}: refunded goods");
    let tax = number("select sum(tax_micros) from orders where test = 0");
    assert_eq!(tax, micros("line_tax") + micros("shipping_tax"), "{what}: tax");
    let currency: String = one(tenant, "select distinct currency from orders");
    assert_eq!(json!(currency), totals["currency"], "{what}: currency");
    let stock = number(
        "select sum(on_hand) from stock_levels s where day = (select max(day) from stock_levels t
         where t.variant_id = s.variant_id and t.warehouse_id = s.warehouse_id)",
    );
    assert!(stock != 0, "{what}: no stock");
}
