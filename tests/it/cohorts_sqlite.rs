//! The demo's grid against the orders, refunds and ads in SQLite: nothing of the warehouse, the compiler or the grid is shared.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pulsepoint::commerce::demo::PASSWORD;
use pulsepoint::money::parse_micros;
use pulsepoint::profit::demo::enter;
use pulsepoint::tenants::Tenant;
use serde_json::Value;

use crate::cohorts::grid;
use crate::demo_install;

/// Of a cohort at an age: orders, customers with one, and money in units of the brand's currency: net sales, and what of it is left
/// after goods, parcels, packing and fees.
#[derive(Default, Clone, Debug)]
struct Cell {
    orders: i64,
    customers: std::collections::BTreeSet<i64>,
    net: f64,
    contribution: f64,
}

struct Books {
    cells: BTreeMap<(Date, i64), Cell>,
    spend: BTreeMap<Date, f64>,
}

/// An order or a refund.
struct Row {
    id: i64,
    customer: i64,
    at: i64,
    /// When the order was placed: its goods cost what they cost that day.
    ordered: i64,
    currency: String,
    /// Paid for goods, or paid back for them.
    goods: i64,
    /// With shipping and taxes.
    charged: i64,
    country: String,
    gateway: String,
    cancelled: bool,
}

const SOLD: &str = "with g as (select order_id, sum(price_micros * quantity - discount_micros) as goods from order_lines \
    where gift_card = 0 group by 1) \
    select o.id, o.customer_id, o.placed_at, o.placed_at, o.currency, coalesce(g.goods, 0), \
    coalesce(g.goods, 0) + o.shipping_micros - o.shipping_discount_micros + o.tax_micros, \
    coalesce(o.country, ''), coalesce(o.gateway, ''), o.cancelled_at is not null \
    from orders o left join g on g.order_id = o.id where o.test = 0 and o.customer_id is not null order by o.placed_at, o.id";
const BACK: &str = "with g as (select refund_id, sum(goods_micros) as goods from refund_lines group by 1) \
    select r.id, r.customer_id, r.refunded_at, o.placed_at, r.currency, coalesce(g.goods, 0), 0, '', '', 0 \
    from refunds r join orders o on o.id = r.order_id left join g on g.refund_id = r.id \
    where o.test = 0 and r.customer_id is not null";
const SOLD_LINES: &str = "select order_id, variant_id, quantity from order_lines where gift_card = 0";
const BACK_LINES: &str = "select refund_id, variant_id, quantity from refund_lines where variant_id is not null";

fn rows(conn: &rusqlite::Connection, sql: &str) -> Vec<Row> {
    let mut all = conn.prepare(sql).unwrap();
    let row = |r: &rusqlite::Row| {
        let (country, gateway, cancelled) = (r.get(7)?, r.get(8)?, r.get(9)?);
        let (currency, goods, charged) = (r.get(4)?, r.get(5)?, r.get(6)?);
        let (id, customer, at, ordered) = (r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?);
        Ok(Row { id, customer, at, ordered, currency, goods, charged, country, gateway, cancelled })
    };
    all.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// By order or refund: variants and units.
fn lines(conn: &rusqlite::Connection, sql: &str) -> HashMap<i64, Vec<(i64, i64)>> {
    let mut lines: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
    let mut all = conn.prepare(sql).unwrap();
    let mut found = all.query([]).unwrap();
    while let Some(r) = found.next().unwrap() {
        lines.entry(r.get(0).unwrap()).or_default().push((r.get(1).unwrap(), r.get(2).unwrap()));
    }
    lines
}

/// What units cost, in the brand's currency, by variant: from which day on how much.
fn unit_costs(conn: &rusqlite::Connection) -> HashMap<i64, Vec<(Date, f64)>> {
    let mut costs: HashMap<i64, Vec<(Date, f64)>> = HashMap::new();
    let mut all = conn.prepare("select variant_id, from_day, cost_micros from unit_costs order by from_day").unwrap();
    let mut found = all.query([]).unwrap();
    while let Some(r) = found.next().unwrap() {
        let day: Date = r.get::<_, String>(1).unwrap().parse().unwrap();
        costs.entry(r.get(0).unwrap()).or_default().push((day, r.get::<_, i64>(2).unwrap() as f64 / 1e6));
    }
    costs
}

/// What the fixture enters: a parcel, packing, and fees.
fn costs(slug: &str, charged: f64, row: &Row, day: Date) -> f64 {
    if row.goods == 0 {
        return 0.0;
    }
    let (country, gateway) = (row.country.as_str(), row.gateway.as_str());
    let new_contract = day >= jiff::civil::date(2026, 1, 1);
    let (parcel, packing, (rate, amount)) = match (slug, country, gateway) {
        ("juniper-oak", "US", "paypal") => (if new_contract { 6.85 } else { 6.20 }, 1.95, (0.0349, 0.49)),
        ("juniper-oak", "US", _) => (if new_contract { 6.85 } else { 6.20 }, 1.95, (0.029, 0.30)),
        ("juniper-oak", _, "paypal") => (9.40, 1.95, (0.0349, 0.49)),
        ("juniper-oak", _, _) => (9.40, 1.95, (0.029, 0.30)),
        (_, "GB", "paypal") => (3.70, 1.25, (0.029, 0.30)),
        (_, "GB", _) => (3.70, 1.25, (0.02, 0.25)),
        (_, _, "paypal") => (9.10, 1.25, (0.029, 0.30)),
        _ => (9.10, 1.25, (0.02, 0.25)),
    };
    let fees = charged * rate + amount;
    if row.cancelled { fees } else { fees + parcel + packing }
}

async fn books(tenant: &Tenant, slug: &'static str, home: &'static str, zone: &'static str) -> Books {
    let read = tenant.db().read(move |conn| {
        let zone = TimeZone::get(zone).unwrap();
        let day = |at: i64| Timestamp::from_second(at).unwrap().to_zoned(zone.clone()).date();
        let mut rates: HashMap<(String, String), f64> = HashMap::new();
        let mut all = conn.prepare("select base, quote, day, rate from rates").unwrap();
        let mut found = all.query([]).unwrap();
        while let Some(r) = found.next().unwrap() {
            let text = |at: usize| r.get::<_, String>(at).unwrap();
            let rate: f64 = text(3).parse().unwrap();
            let (other, rate) = if text(1) == home { (text(0), rate) } else { (text(1), 1.0 / rate) };
            rates.insert((other, text(2)), rate);
        }
        let rate = |currency: &str, day: Date| {
            let back = (0..8).map(|back| day.checked_sub(jiff::Span::new().days(back)).unwrap().to_string());
            let mut known = back.filter_map(|day| rates.get(&(currency.to_owned(), day)));
            if currency == home { 1.0 } else { *known.next().unwrap() }
        };
        let (sold, back, unit) = (rows(conn, SOLD), rows(conn, BACK), unit_costs(conn));
        let (sold_lines, back_lines) = (lines(conn, SOLD_LINES), lines(conn, BACK_LINES));
        let mut first: HashMap<i64, Date> = HashMap::new();
        for row in &sold {
            first.entry(row.customer).or_insert(day(row.at).first_of_month());
        }
        let mut books = Books { cells: BTreeMap::new(), spend: BTreeMap::new() };
        let both =
            sold.iter().map(|row| (1.0, row, &sold_lines)).chain(back.iter().map(|row| (-1.0, row, &back_lines)));
        for (sign, row, lines) in both {
            let Some(from) = first.get(&row.customer) else { continue };
            let (day, ordered) = (day(row.at), day(row.ordered));
            let number = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month());
            let cell = books.cells.entry((*from, (number(day) - number(*from)).max(0))).or_default();
            let home = |micros: i64| micros as f64 / 1e6 * rate(&row.currency, day);
            let of_unit = |variant: &i64| unit[variant].iter().rfind(|(from, _)| *from <= ordered).unwrap().1;
            let units = lines.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let cost: f64 = units.iter().map(|(variant, units)| of_unit(variant) * *units as f64).sum();
            if sign > 0.0 {
                cell.orders += 1;
                cell.customers.insert(row.customer);
                cell.contribution -= costs(slug, home(row.charged), row, day);
            }
            cell.net += sign * home(row.goods);
            cell.contribution += sign * (home(row.goods) - cost);
        }
        let sql = "select d.day, c.currency, sum(d.spend_micros) from ad_days d join ads a on a.id = d.ad_id \
            join ad_accounts c on c.id = a.account_id group by 1, 2";
        let mut all = conn.prepare(sql).unwrap();
        let mut found = all.query([]).unwrap();
        while let Some(r) = found.next().unwrap() {
            let day: Date = r.get::<_, String>(0).unwrap().parse().unwrap();
            let spend = r.get::<_, i64>(2).unwrap() as f64 / 1e6 * rate(&r.get::<_, String>(1).unwrap(), day);
            *books.spend.entry(day.first_of_month()).or_default() += spend;
        }
        Ok(books)
    });
    read.await.unwrap()
}

fn decimal(value: &Value) -> f64 {
    parse_micros(value.as_str().unwrap_or_else(|| panic!("{value}"))).unwrap() as f64 / 1e6
}

/// Every figure of a row against the books; returns how many cells were compared.
fn assert_row(slug: &str, cohort: &Value, books: &Books) -> usize {
    let name = cohort["cohort"].as_str().unwrap();
    let start: Date = cohort["start"].as_str().unwrap().parse().unwrap();
    let near = |what: &str, found: &Value, expected: f64, slack: f64| {
        assert!((decimal(found) - expected).abs() <= slack, "{slug} {name}: {what} is {found}, by hand {expected}");
    };
    let size = books.cells.get(&(start, 0)).map_or(0, |cell| cell.customers.len());
    assert_eq!(cohort["customers"], size, "{slug} {name}");
    let spend = books.spend.get(&start).copied().unwrap_or_default();
    near("spend", &cohort["ad_spend"], spend, 0.05);
    near("CAC", &cohort["cac"], spend / size as f64, 0.02);
    let (mut so_far, mut paid, mut age) = (0.0, None, 0);
    for cell in cohort["cells"].as_array().unwrap() {
        let by_hand = books.cells.get(&(start, age)).cloned().unwrap_or_default();
        assert_eq!(
            (&cell["orders"], &cell["customers"]),
            (&Value::from(by_hand.orders), &Value::from(by_hand.customers.len()))
        );
        // Rows are converted one by one, and fees are rounded.
        let slack = 0.02 + by_hand.orders as f64 * 0.02;
        near("net sales", &cell["net_sales"], by_hand.net, slack);
        near("contribution", &cell["contribution_margin"], by_hand.contribution, slack);
        so_far += by_hand.contribution;
        near("LTV", &cell["ltv"], so_far / size as f64, 0.05);
        near("retention", &cell["retention"], by_hand.customers.len() as f64 / size as f64, 1e-5);
        if paid.is_none() && so_far >= spend {
            paid = Some(age + 1);
        }
        age += 1;
    }
    assert_eq!(
        cohort["payback"]["periods"],
        paid.map_or(Value::Null, Value::from),
        "{slug} {name}: {spend} of {so_far}"
    );
    cohort["cells"].as_array().unwrap().len()
}

#[tokio::test]
async fn every_figure_of_the_demo_s_grid_equals_the_books() {
    let app = demo_install::served().await;
    for (tenant, slug, email, home, zone) in [
        ("juniper-oak", "juniper-oak", "owner@juniper-oak.example", "USD", "America/New_York"),
        ("northwind-demo", "northwind", "owner@northwind-demo.example", "GBP", "Europe/London"),
    ] {
        let token = app.login(email, PASSWORD).await.json()["access_token"].as_str().unwrap().to_owned();
        let tenant = app.app.tenants.by_slug(tenant).await.unwrap();
        enter(&tenant, slug, &app.app.clock).await.unwrap();
        let books = books(&tenant, slug, home, zone).await;
        let found = grid(&app, &token, slug, "basis=contribution_margin&from=2025-06-01&to=2026-11-01").await;
        let compared: usize =
            found["cohorts"].as_array().unwrap().iter().map(|cohort| assert_row(slug, cohort, &books)).sum();
        // 17 months: the first has 18 ages, the last two.
        assert_eq!(compared, (2..=18).sum::<usize>(), "{slug}");
        let states = found["cohorts"].as_array().unwrap().iter().map(|cohort| cohort["payback"]["state"].clone());
        assert!(states.into_iter().any(|state| state == "paid_back"), "{slug}: {}", found["totals"]["payback"]);
    }
}
