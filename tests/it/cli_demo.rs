//! `demo` with the real binary: what it prints, that it keeps its data, and that it leaves other data alone.

use rustix::process::Signal;
use serde_json::json;

use crate::support::binary::Home;

const NOW: [&str; 2] = ["--now", "2024-03-01T12:00:00Z"];

fn demo<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["demo", "--listen", "127.0.0.1:0"], &NOW[..], more].concat()
}

#[tokio::test]
async fn prints_the_address_and_logins_that_work_and_opens_again() {
    let home = Home::new();
    let server = home.start(&demo(&[]));
    for who in ["owner", "analyst", "viewer", "operator"] {
        let body = json!({ "email": format!("{who}@juniper-oak.example"), "password": "pulsepoint-demo" });
        let login = crate::support::client::client().post(format!("{}/api/auth/login", server.url)).json(&body);
        assert_eq!(login.send().await.unwrap().status(), 200, "{who}");
    }
    let url = server.url.clone();
    let (status, out, _) = server.stop(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    assert!(out.contains(&format!("Pulsepoint demo: {url}")) && out.contains("owner@northwind-demo.example"), "{out}");
    assert!(out.ends_with(&format!("listening on {url}\n")), "{out}");
    let data = home.path().join("xdg-data/pulsepoint-demo");
    let before = std::fs::read_dir(data.join("tenants")).unwrap().count();
    home.start(&demo(&[])).stop(Signal::TERM);
    assert_eq!(std::fs::read_dir(data.join("tenants")).unwrap().count(), before, "the same shops again");
    let key = std::fs::read(data.join("master.key")).unwrap();
    home.start(&demo(&["--reset"])).stop(Signal::TERM);
    assert_ne!(std::fs::read(data.join("master.key")).unwrap(), key, "--reset begins anew");
}

#[test]
fn takes_the_next_free_port() {
    let home = Home::new();
    let first = home.start(&["demo", NOW[0], NOW[1]]);
    let other = home.path().join("other");
    let second = home.start(&["demo", NOW[0], NOW[1], "--data", other.to_str().unwrap()]);
    assert_ne!(first.url, second.url);
}

#[test]
fn real_data_is_left_alone() {
    let home = Home::new();
    home.run(&["tenant", "add", "acme"]).ok();
    let data = home.data();
    for more in [&["--reset"][..], &[]] {
        let said = home.run(&[&demo(&["--data", data.to_str().unwrap()])[..], more].concat()).failed(1);
        assert!(said.contains("its data is no demo"), "{said}");
    }
    assert!(home.run(&["tenant", "list"]).ok().out.contains("acme"));
}

#[test]
fn the_stories_of_a_seed_are_the_same_every_time() {
    let home = Home::new();
    let told = |seed: &str| home.run(&["demo", "--stories", "--seed", seed, "--now", "2026-11-20T12:00:00Z"]).ok().out;
    let once = told("7");
    assert!(once.lines().count() >= 4 && once.contains("juniper-oak"), "{once}");
    assert_eq!(once, told("7"));
    assert_ne!(once, told("8"));
    let asked = ["demo", "--stories", "--seed", "7", "--now", "2026-11-20T12:00:00Z", "--json"];
    let json = home.run(&asked).ok().json();
    assert_eq!((&json["seed"], &json["now"]), (&json!(7), &json!("2026-11-20T12:00:00Z")));
    let stories = json["stories"].as_array().unwrap();
    assert_eq!(stories.len(), once.lines().count());
    for (story, line) in stories.iter().zip(once.lines()) {
        let text = |name: &str| story[name].as_str().unwrap_or_else(|| panic!("no {name} in {story}"));
        assert_eq!(line, format!("{}  {}", text("brand"), text("text")));
        assert!(["stock_out", "ad_stop", "refund_wave", "price_change"].contains(&text("kind")), "{story}");
        assert_eq!(line.matches(text("start")).count(), 1, "its first day stands once: {line}");
    }
    assert!(!home.path().join("xdg-data").exists(), "telling makes nothing");
    assert!(home.run(&["demo", "--json"]).failed(2).contains("--stories"));
}
