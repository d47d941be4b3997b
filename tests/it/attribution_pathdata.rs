//! PathData, landed as orders and touches and read over REST: what two independent packages print for the same journeys.

use std::fmt::Write as _;
use std::io::Read as _;

use axum::http::StatusCode;
use pulsepoint::auth::Role;

use crate::support::app::TestApp;
use crate::support::touches::write;

/// The file's lines; nothing where the shared data is not there.
fn lines() -> Option<Vec<(Vec<String>, i64, i64)>> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = here.join("../shared/data/pathdata.csv.gz");
    let Ok(packed) = std::fs::File::open(&file) else {
        eprintln!("skipped: ../shared/data/pathdata.csv.gz is not there");
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.trim_matches('"').split(',').collect();
        let channels = cells[0].trim_matches('"').split(" > ").map(str::to_owned).collect();
        (channels, cells[1].parse().unwrap(), cells[3].parse().unwrap())
    });
    Some(rows.collect())
}

/// Every conversion an order of 1.00 of a customer of its own in September, every null a visitor's; touches an hour apart.
fn landed(lines: &[(Vec<String>, i64, i64)], brand: i64) -> String {
    let mut sql = String::from("create temp table paths (channels varchar[], conversions bigint, nulls bigint);\n");
    for chunk in lines.chunks(500) {
        let rows = chunk.iter().map(|(channels, conversions, nulls)| {
            let list = channels.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            format!("([{list}], {conversions}, {nulls})")
        });
        writeln!(sql, "insert into paths values {};", rows.collect::<Vec<_>>().join(",\n")).unwrap();
    }
    let at = "epoch(timestamp '2026-09-10 16:00:00')::bigint";
    let expand = |column: &str| {
        format!(
            "(select row_number() over () as n, channels from (select channels, unnest(range({column})) from paths))"
        )
    };
    let touches = |person: &str, id: i64, column: &str| {
        format!(
            "insert into fact_touches select {brand}, {id} + n * 1000 + step, {person}, \
             ({at} - (len(channels) - step) * 3600) * 1000, \
             make_timestamp(({at} - (len(channels) - step) * 3600 - 14400) * 1000000)::date, channels[step], \
             null, null, null, null, null, null, null \
             from (select n, channels, unnest(range(1, len(channels) + 1)) as step from {});",
            expand(column)
        )
    };
    writeln!(
        sql,
        "insert into fact_orders by name select {brand} as brand_id, n as order_id, n::varchar as external_id, date '2026-09-10' as day, \
         12 as hour, {at} as placed_at, 1 as store_id, n as customer_id, 'file' as connector, []::varchar[] as discount_codes, \
         1 as units, 1 as fulfilled, false as cancelled, 1000000 as gross, 0 as discount, 0 as units_without_cost, \
         'USD' as currency, 1000000 as gross_native, 0 as discount_native, 0 as shipping_native, 0 as tax_native from {};",
        expand("conversions")
    )
    .unwrap();
    sql.push_str(&touches("4 * n", 0, "conversions"));
    sql.push_str(&touches("4 * n + 1", 1_000_000_000, "nulls"));
    sql
}

const CHANNELS: [&str; 12] =
    ["alpha", "beta", "delta", "epsilon", "eta", "gamma", "iota", "kappa", "lambda", "mi", "theta", "zeta"];

const FIRST: [f64; 12] = [6308., 2831., 1., 99., 3164., 165., 4606., 74., 902., 2., 1606., 27.];
const LAST: [f64; 12] = [8447., 989., 5., 531., 4167., 92., 3355., 230., 1207., 2., 653., 107.];
const LINEAR: [f64; 12] = [
    7574.7186, 2083.5001, 1.725, 272.1704, 3539.9512, 121.0416, 3857.0962, 137.9641, 1035.2576, 2.2222, 1022.8014,
    136.5515,
];
const POSITION: [f64; 12] = [
    7444.8238, 1969.7662, 2.5867, 301.0502, 3618.7961, 125.2409, 3944.9482, 147.4596, 1046.9039, 2.0571, 1092.7445,
    88.6229,
];
const MARKOV: [[f64; 12]; 3] = [
    [
        5344.94768, 2527.35217, 4.61362, 599.57065, 3340.8474, 171.14544, 3884.6147, 274.36326, 1282.84722, 1.72242,
        1971.91288, 381.06255,
    ],
    [
        5617.45385, 2439.64898, 5.15906, 614.37352, 3391.85816, 171.91818, 3810.51104, 266.02705, 1189.47202, 2.07319,
        1902.47361, 374.03133,
    ],
    [
        5748.09865, 2405.53404, 5.07084, 623.43206, 3396.07065, 178.48281, 3791.02917, 264.23935, 1150.74002, 2.12677,
        1849.81265, 370.363,
    ],
];

#[tokio::test]
async fn pathdata_over_rest_is_what_packages_print() {
    let Some(lines) = lines() else { return };
    let app = TestApp::start().await;
    let (shop, other) = (app.shop("juniper-oak").await, app.shop("northwind-demo").await);
    write(&shop.tenant, landed(&lines, shop.brand.id)).await;
    write(&other.tenant, landed(&lines[..10], other.brand.id)).await;
    let token = app.token(&shop, Role::Viewer);
    let path = "/api/brands/juniper-oak/attribution?from=2026-09-01&to=2026-10-01";
    for order in 1..=3_usize {
        let answer = app.get(&format!("{path}&markov_order={order}"), &token).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let page = answer.json();
        let models = page["models"].as_array().unwrap().clone();
        let given = |channel: &str, model: &str, what: &str| -> f64 {
            let rows = page["channels"].as_array().unwrap();
            let row = rows.iter().find(|row| row["channel"] == channel).unwrap();
            let at = models.iter().position(|known| known == model).unwrap();
            row["by_model"][at][what].as_str().unwrap().parse().unwrap()
        };
        // Printed with four decimals, Markov with five.
        let wanted = [
            ("first_touch", FIRST, 1e-9),
            ("last_touch", LAST, 1e-9),
            ("last_non_direct", LAST, 1e-9),
            ("linear", LINEAR, 5.1e-5),
            ("position_based", POSITION, 5.1e-5),
            ("markov", MARKOV[order - 1], 6e-6),
        ];
        for (model, numbers, within) in wanted {
            for (channel, number) in CHANNELS.iter().zip(numbers) {
                let found = given(channel, model, "orders");
                assert!((found - number).abs() <= within, "{model} {order} {channel}: {found} instead of {number}");
                // Every order is worth 1.00.
                let worth = given(channel, model, "revenue");
                assert!((worth - number).abs() <= 0.010_1, "{model} {order} {channel}: {worth}");
            }
        }
        for model in 0..8 {
            let total = &page["total"]["by_model"][model];
            assert_eq!((&total["orders"], &total["revenue"]), (&"19785.000000".into(), &"19785.00".into()));
            let cents = |row: &serde_json::Value| {
                row["by_model"][model]["revenue"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()
            };
            assert_eq!(page["channels"].as_array().unwrap().iter().map(cents).sum::<i64>(), 1_978_500);
        }
    }
    let unattributed = app.get(&path.replace("attribution", "attribution/paths"), &token).await.json();
    assert_eq!((&unattributed["orders"], &unattributed["unattributed"]), (&19_785.into(), &0.into()));
}
