//! `import` with the real binary: alone and beside a server, several files, what is refused.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::binary::Home;

/// A mapping for the file below.
const MAP: &str = r#"
format = "orders"
currency = "EUR"
timezone = "Europe/Berlin"
date_format = "YYYY-MM-DD"

[columns]
order = "Order"
sku = "SKU"
quantity = "Quantity"
unit_price = "Price"
placed_at = "Date"
"#;

const ORDERS: &str = "Order,SKU,Quantity,Price,Date
1001,A,2,10.00,2026-03-01 10:00
1002,B,1,5.50,2026-03-02 11:30
1003,A,many,10.00,2026-03-02 12:00
";

const TO: [&str; 5] = ["import", "--tenant", "acme", "--brand", "acme"];

fn home_with_files() -> Home {
    let home = Home::new();
    home.run(&["tenant", "add", "acme"]).ok();
    home.run(&["brand", "add", "acme", "--tenant", "acme", "--currency", "EUR", "--timezone", "Europe/Berlin"]).ok();
    std::fs::write(home.path().join("map.toml"), MAP).unwrap();
    std::fs::write(home.path().join("orders.csv"), ORDERS).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(ORDERS.as_bytes()).unwrap();
    std::fs::write(home.path().join("orders.csv.gz"), packed.finish().unwrap()).unwrap();
    home
}

fn import(home: &Home, more: &[&str]) -> crate::support::binary::Finished {
    home.run(&[&TO, more].concat())
}

#[test]
fn importing_again_changes_nothing_with_and_without_a_server() {
    let home = home_with_files();
    let first = import(&home, &["--map", "map.toml", "--json", "orders.csv"]).ok().json();
    let counts = |import: &serde_json::Value| {
        ["rows_read", "rows_landed", "rows_unchanged", "rows_rejected"].map(|name| import[name].as_u64().unwrap())
    };
    assert_eq!(counts(&first["imports"][0]), [3, 2, 0, 1], "{first}");
    assert_eq!(first["imports"][0]["rejects"][0]["line"], 4);
    let _server = home.serve(&[]);
    let again = import(&home, &["--map", "map.toml", "--json", "orders.csv.gz"]).ok().json();
    assert_eq!(counts(&again["imports"][0]), [3, 0, 2, 1], "{again}");
    let text = import(&home, &["--map", "map.toml", "orders.csv"]).ok().out;
    assert!(text.contains("3 rows read, 0 landed, 2 unchanged, 1 rejected") && text.contains("line 4: "), "{text}");
}

#[test]
fn a_file_that_fails_does_not_keep_the_others_out() {
    let home = home_with_files();
    std::fs::write(home.path().join("notes.csv"), "what,is,this\n1,2,3\n").unwrap();
    let finished = import(&home, &["--map", "map.toml", "--json", "missing.csv", ".", "orders.csv"]);
    assert_eq!(finished.code, 1);
    let json = finished.json();
    let failed: Vec<bool> = json["imports"].as_array().unwrap().iter().map(|i| !i["error"].is_null()).collect();
    assert_eq!((&json["ok"], failed), (&json!(false), vec![true, true, false]));
    assert!(finished.err.contains("missing.csv: cannot be opened"), "{}", finished.err);
    let said = import(&home, &["notes.csv"]).failed(1);
    assert!(said.contains("notes.csv: "), "{said}");
}

#[test]
fn names_that_are_not_there_are_told_with_the_way_to_find_them() {
    let home = home_with_files();
    let said = home.run(&["import", "--tenant", "acne", "--brand", "acme", "orders.csv"]).failed(1);
    assert!(said.contains("no tenant \"acne\"") && said.contains("pulsepoint tenant list"), "{said}");
    let said = home.run(&["import", "--tenant", "acme", "--brand", "acne", "orders.csv"]).failed(1);
    assert!(said.contains("no brand \"acne\"") && said.contains("pulsepoint brand list"), "{said}");
    assert!(import(&home, &["--map", "nowhere.toml", "orders.csv"]).failed(1).contains("nowhere.toml"));
    assert!(import(&home, &["--format", "xls", "orders.csv"]).failed(1).contains("format"));
}
