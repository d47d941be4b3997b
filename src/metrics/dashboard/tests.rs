//! The dashboard against the same typed queries, one by one.

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::{Ask, Board, Dashboard, Scene, TILES};
use crate::metrics::answer::{Answer, Freshness};
use crate::metrics::calendar::Calendar;
use crate::metrics::credited::Question as _;
use crate::metrics::daily::Held;
use crate::metrics::dashboard::shape::{BrandShown, Direction, Tone};
use crate::metrics::plan::Frame;
use crate::metrics::sql::tests::{ask_in, warehouse};
use crate::money::Currency;

fn frame(now: &str) -> Frame {
    let zone = TimeZone::get("America/New_York").expect("a zone");
    let calendar = Calendar::new(zone, 1, now.parse().expect("an instant"));
    let complete_until = calendar.today();
    Frame { brand_id: 1, currency: Currency::parse("USD").expect("USD"), calendar, complete_until, journeys: false }
}

fn board(conn: &duckdb::Connection, pairs: &[(&str, &str)], frame: &Frame) -> Dashboard {
    let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let board = Board::new(Ask::read(&pairs).expect("parameters"), frame, true).expect("a board");
    let held = Held::default();
    let found = board.tasks().iter().map(|task| held.find_with(conn, task, (0, 1)).expect("rows")).collect();
    let brand = BrandShown {
        id: "id".into(),
        slug: "slug".into(),
        name: "Name".into(),
        currency: "USD".into(),
        timezone: "America/New_York".into(),
        week_start: 1,
        demo: false,
    };
    board.lay_out(found, Scene { brand, freshness: Freshness::default() }, frame)
}

fn column(answer: &Answer, name: &str) -> usize {
    answer.columns.iter().position(|c| c == name).expect(name)
}

#[test]
fn every_figure_equals_its_typed_query() {
    let (conn, frame) = (warehouse(), frame("2026-03-20T15:30:20Z"));
    for (params, time, grain) in [
        (vec![], json!({"range": "30d"}), "day"),
        (vec![("range", "mtd")], json!({"range": "mtd"}), "day"),
        (vec![("range", "today")], json!({"range": "today"}), "hour"),
        (vec![("range", "90d"), ("grain", "week"), ("match", "date")], json!({"range": "90d"}), "week"),
        (
            vec![("range", "custom"), ("from", "2026-01-05"), ("to", "2026-02-20"), ("cmp", "yoy")],
            json!({"start": "2026-01-05", "end": "2026-02-20"}),
            "day",
        ),
    ] {
        let page = board(&conn, &params, &frame);
        let to = if params.contains(&("cmp", "yoy")) { "previous_year" } else { "previous_period" };
        let matching = if params.contains(&("match", "date")) { "date" } else { "dow" };
        let compare = json!({"to": to, "match": matching});
        for kpi in &page.kpis {
            let answer = ask_in(&conn, &frame, json!({"metrics": [kpi.id], "time": time, "compare": compare}));
            let shown = [&kpi.value, &kpi.previous, &kpi.change];
            assert_eq!(shown, [&answer.totals[0], &answer.totals[1], &answer.totals[2]], "{} {params:?}", kpi.id);
            assert_eq!(
                kpi.change_pct.clone().map_or(Json::Null, Json::from),
                answer.totals[3],
                "{} {params:?}",
                kpi.id
            );
            if kpi.series.is_empty() {
                assert_eq!(grain, "hour", "{} has no line", kpi.id);
                continue;
            }
            let query = json!({"metrics": [kpi.id], "time": time, "compare": compare, "grain": grain});
            let by_grain = ask_in(&conn, &frame, query);
            let line: Vec<_> = kpi.series.iter().map(|p| (p.t.clone(), p.value.clone(), p.previous.clone())).collect();
            let rows = by_grain.rows.iter().map(|r| (r[0].as_str().expect("t").to_owned(), r[1].clone(), r[2].clone()));
            assert_eq!(line, rows.collect::<Vec<_>>(), "{} {params:?}", kpi.id);
        }
        same_tables(&conn, &frame, &page, &time, &compare);
    }
}

fn same_tables(conn: &duckdb::Connection, frame: &Frame, page: &Dashboard, time: &Json, compare: &Json) {
    let metrics = [
        "ad_spend",
        "impressions",
        "clicks",
        "platform_conversions",
        "platform_reported_revenue",
        "platform_roas",
        "cpc",
    ];
    let channels = ask_in(conn, frame, json!({"metrics": metrics, "dimensions": ["channel"], "time": time}));
    assert_eq!(channels.rows.len(), page.channels.len());
    for (row, shown) in channels.rows.iter().zip(&page.channels) {
        let of = |name: &str| row[column(&channels, name)].clone();
        let figures = &shown.figures;
        assert_eq!(json!(shown.channel), row[0]);
        assert_eq!(json!(figures.ad_spend), of("ad_spend"));
        assert_eq!(json!(figures.impressions), of("impressions"));
        assert_eq!(json!(figures.platform_conversions), of("platform_conversions"));
        assert_eq!(json!(figures.platform_roas), of("platform_roas"));
        assert_eq!(json!(figures.cpc), of("cpc"));
    }
    assert_eq!(
        json!(page.channels_total.as_ref().expect("a total").ad_spend),
        channels.totals[column(&channels, "ad_spend")]
    );
    let metrics = ["net_sales", "units_sold", "gross_margin"];
    let query = json!({"metrics": metrics, "dimensions": ["product"], "time": time, "compare": compare, "limit": 10});
    let products = ask_in(conn, frame, query);
    let shown = page
        .products
        .iter()
        .map(|p| json!([p.product, p.net_sales, p.net_sales_change_pct, p.units_sold, p.gross_margin]));
    let asked = products.rows.iter().map(|r| json!([r[0], r[1], r[4], r[5], r[9]]));
    assert_eq!(shown.collect::<Vec<_>>(), asked.collect::<Vec<_>>());
    let people =
        ask_in(conn, frame, json!({"metrics": ["new_customers", "returning_customers", "customers"], "time": time}));
    assert_eq!(json!(page.customers.new_customers), people.totals[0]);
    assert_eq!(json!(page.customers.returning_customers), people.totals[1]);
    let types = ask_in(conn, frame, json!({"metrics": ["net_sales"], "dimensions": ["customer_type"], "time": time}));
    let of = |name: &str| types.rows.iter().find(|r| r[0] == json!(name)).map(|r| r[1].clone());
    assert_eq!(page.customers.new_sales.clone().map(Json::from), of("new").or(Some(json!("0.00"))));
    assert_eq!(page.customers.returning_sales.clone().map(Json::from), of("returning").or(Some(json!("0.00"))));
}

#[test]
fn a_filter_leaves_out_what_it_cannot_split_and_says_so() {
    let (conn, frame) = (warehouse(), frame("2026-03-20T15:30:20Z"));
    let page = board(&conn, &[("f", "country:eq:US")], &frame);
    let value = |id: &str| page.kpis.iter().find(|k| k.id == id).map(|k| k.value.clone()).expect("a tile");
    assert!(value("net_sales").is_string() && value("orders").is_number());
    assert!(value("ad_spend").is_null() && value("mer_ratio").is_null() && value("contribution_margin").is_null());
    assert!(page.channels.is_empty() && page.inventory.is_empty() && !page.products.is_empty());
    assert_eq!((page.channels_total.clone(), page.inventory_as_of.clone()), (None, None));
    assert!(page.notes.iter().any(|n| n.code == "not_under_filter" && n.text.contains("ad_spend")), "{:?}", page.notes);
    let by_channel = board(&conn, &[("f", "channel:eq:meta")], &frame);
    assert_eq!(by_channel.channels.len(), 1);
    assert!(by_channel.kpis[0].value.is_null() && by_channel.products.is_empty());
}

#[test]
fn an_empty_brand_has_a_page_too() {
    let conn = warehouse();
    let frame = Frame { brand_id: 99, ..frame("2026-03-20T15:30:20Z") };
    let page = board(&conn, &[], &frame);
    assert_eq!(page.kpis.len(), TILES.len());
    let shown: Vec<_> = page.kpis.iter().map(|k| (k.value.clone(), k.tone, k.direction)).collect();
    assert_eq!(shown[0], (json!("0.00"), Tone::Neutral, Some(Direction::Flat)));
    assert_eq!(shown[2], (Json::Null, Tone::Neutral, None), "no orders, no average");
    assert_eq!((page.series.len(), page.products.len(), page.inventory_as_of), (30, 0, None));
}

#[test]
fn tones_follow_what_is_good() {
    let (conn, frame) = (warehouse(), frame("2026-03-20T15:30:20Z"));
    let page = board(&conn, &[], &frame);
    for kpi in &page.kpis {
        let up = kpi.direction == Some(Direction::Up);
        match (kpi.id.as_str(), kpi.direction) {
            ("ad_spend", _) | (_, None | Some(Direction::Flat)) => assert_eq!(kpi.tone, Tone::Neutral, "{}", kpi.id),
            ("ncac", _) => assert_eq!(kpi.tone == Tone::Bad, up, "{}", kpi.id),
            _ => assert_eq!(kpi.tone == Tone::Good, up, "{}", kpi.id),
        }
    }
    assert_eq!(page.series[0].previous_t.as_deref(), Some("2026-01-14"), "35 days before the 18th of February");
}
