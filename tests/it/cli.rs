//! Commands without a server: words, exit codes, settings, tenants, brands, people, the setup token, the doctor.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::binary::{Home, finish};

const PASSWORD: &str = "correct horse battery\n";

/// An instance with one tenant and one brand.
fn home_with_acme() -> Home {
    let home = Home::new();
    home.run(&["tenant", "add", "acme", "--name", "Acme Trading"]).ok();
    home.run(&["brand", "add", "acme", "--tenant", "acme", "--currency", "EUR", "--timezone", "Europe/Berlin"]).ok();
    home
}

#[test]
fn help_shows_examples_and_only_what_exists() {
    let home = Home::new();
    let help = home.run(&["--help"]).ok().out;
    assert!(help.contains("Examples:") && help.contains("pulsepoint demo"), "{help}");
    let verbs = ["demo", "serve", "import", "tenant", "brand", "user", "setup-token", "warehouse", "config", "doctor"];
    for verb in verbs.into_iter().chain(["backup", "restore", "audit", "keys", "sync", "sandbox"]) {
        assert!(help.contains(verb), "{verb}");
        home.run(&[verb, "--help"]).ok();
    }
    for later in ["ask", "alerts"] {
        assert!(home.run(&[later]).failed(2).contains("unrecognized subcommand"), "{later}");
    }
}

#[test]
fn wrong_use_is_2_and_says_what_to_do() {
    let home = Home::new();
    assert!(home.run(&["serv"]).failed(2).contains("'serve'"));
    assert!(home.run(&["serve", "--prot", "1"]).failed(2).contains("--help"));
    assert!(home.run(&["serve", "--now", "yesterday"]).failed(2).contains("--now"));
    home.run(&["import", "--tenant", "a", "--brand", "b"]).failed(2);
    home.run(&[]).failed(2);
}

#[test]
fn version_names_the_engines_inside() {
    let home = Home::new();
    let text = home.run(&["version"]).ok().out;
    assert!(text.starts_with(concat!("pulsepoint ", env!("CARGO_PKG_VERSION"))), "{text}");
    let json = home.run(&["version", "--json"]).ok().json();
    for part in ["pulsepoint", "sqlite", "sqlcipher", "duckdb"] {
        assert!(json[part].as_str().is_some_and(|version| version.contains('.')), "{part} in {json}");
    }
}

#[test]
fn completions_know_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.run(&["completions", shell]).ok().out.contains("setup-token"), "{shell}");
    }
}

#[test]
fn config_check_shows_what_holds_and_why() {
    let home = Home::new();
    std::fs::write(home.path().join("pulsepoint.toml"), "listen = \"127.0.0.1:9001\"\n").unwrap();
    let mut command = home.command(&["config", "check", "--json"]);
    command.env("PULSEPOINT_RATE_LIMIT_PER_MINUTE", "0").env("PULSEPOINT_MASTER_KEY", "ab".repeat(32));
    let finished = finish(command).ok();
    assert!(!finished.out.contains("abab"), "the master key is never shown");
    let json = finished.json();
    assert_eq!(json["settings"]["listen"]["value"], "127.0.0.1:9001");
    assert_eq!(json["settings"]["listen"]["origin"]["from"], "file");
    let limit = &json["settings"]["rate_limit_per_minute"];
    assert_eq!(limit["origin"], json!({ "from": "environment", "name": "PULSEPOINT_RATE_LIMIT_PER_MINUTE" }));
    assert_eq!(json["master_key"]["value"], "hidden");
    assert!(home.run(&["config", "check"]).ok().out.contains("pulsepoint.toml"));
}

#[test]
fn config_check_names_the_key_at_fault_and_the_nearest() {
    let home = Home::new();
    std::fs::write(home.path().join("my.toml"), "rate_limit = 5\n").unwrap();
    let said = home.run(&["config", "check", "--config", "my.toml"]).failed(1);
    assert!(said.contains("rate_limit: is no setting; did you mean rate_limit_per_minute?"), "{said}");
    let refused = home.run(&["config", "check", "--config", "my.toml", "--json"]);
    assert_eq!((refused.code, &refused.json()["problems"][0]["nearest"]), (1, &json!("rate_limit_per_minute")));
    let said = home.run(&["serve", "--config", "nowhere.toml"]).failed(1);
    assert!(said.contains("nowhere.toml: cannot be read"), "{said}");
    let said = home.run(&["serve", "--listen", "8080"]).failed(1);
    assert!(said.contains("--listen: invalid socket address"), "{said}");
}

#[test]
fn tenants_are_added_listed_and_removed() {
    let home = Home::new();
    assert!(home.run(&["tenant", "list"]).ok().out.contains("pulsepoint tenant add"));
    let added = home.run(&["tenant", "add", "acme", "--name", "Acme Trading", "--json"]).ok().json();
    assert_eq!((&added["slug"], &added["name"]), (&json!("acme"), &json!("Acme Trading")));
    let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(home.data()), mode(home.data().join("master.key"))), (0o700, 0o600));
    assert!(home.run(&["tenant", "add", "acme"]).failed(1).contains("already"));
    assert!(home.run(&["tenant", "add", "../x"]).failed(1).contains("slug"));
    let listed = home.run(&["tenant", "list", "--json"]).ok().json();
    assert_eq!(listed["tenants"][0]["slug"], "acme");
    assert!(home.run(&["tenant", "list"]).ok().out.contains("Acme Trading"));
    assert!(home.run_with(&["tenant", "delete", "acme", "--now"], "acm\n").failed(1).contains("nothing was deleted"));
    home.run_with(&["tenant", "delete", "acme", "--now"], "acme\n").ok();
    assert_eq!(home.run(&["tenant", "list", "--json"]).ok().json()["tenants"], json!([]));
    let folders = std::fs::read_dir(home.data().join("tenants")).unwrap().count();
    assert_eq!(folders, 0, "its folder is gone");
}

#[test]
fn brands_are_added_and_listed() {
    let home = home_with_acme();
    let brands = home.run(&["brand", "list", "--tenant", "acme", "--json"]).ok().json();
    assert_eq!((&brands["brands"][0]["slug"], &brands["brands"][0]["currency"]), (&json!("acme"), &json!("EUR")));
    let add = |slug, currency, zone| {
        home.run(&["brand", "add", slug, "--tenant", "acme", "--currency", currency, "--timezone", zone])
    };
    assert!(add("acme", "EUR", "Europe/Berlin").failed(1).contains("acme"));
    assert!(add("two", "EURO", "Europe/Berlin").failed(1).contains("urrency"));
    assert!(add("two", "EUR", "Europe/Berlim").failed(1).contains("zone"));
    let said = home.run(&["brand", "list", "--tenant", "acne"]).failed(1);
    assert!(said.contains("no tenant \"acne\"") && said.contains("pulsepoint tenant list"), "{said}");
}

#[test]
fn people_are_added_changed_and_removed() {
    let home = home_with_acme();
    let add = |email: &str, role: &str, password: &str| {
        home.run_with(&["user", "add", email, "--tenant", "acme", "--role", role, "--json"], password)
    };
    let added = add("Ada@acme.example", "owner", PASSWORD).ok();
    assert!(!added.out.contains("horse") && !added.err.contains("horse"), "a password is never shown");
    assert!(add("ada@acme.example", "viewer", PASSWORD).failed(1).contains("in use"));
    assert!(add("bo@acme.example", "king", PASSWORD).failed(1).contains("role"));
    assert!(add("bo@acme.example", "viewer", "short\n").failed(1).contains("assword"));
    assert!(add("bo@acme.example", "viewer", "").failed(1).contains("standard input"));
    add("bo@acme.example", "viewer", PASSWORD).ok();
    home.run(&["user", "role", "bo@acme.example", "analyst"]).ok();
    home.run_with(&["user", "password", "bo@acme.example"], "another long password\n").ok();
    let listed = home.run(&["user", "list", "--tenant", "acme", "--json"]).ok().json();
    let roles: Vec<(&str, &str)> = listed["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| (user["email"].as_str().unwrap(), user["role"].as_str().unwrap()))
        .collect();
    assert_eq!(roles, [("ada@acme.example", "owner"), ("bo@acme.example", "analyst")]);
    home.run(&["user", "remove", "bo@acme.example"]).ok();
    let said = home.run(&["user", "remove", "bo@acme.example"]).failed(1);
    assert!(said.contains("bo@acme.example") && said.contains("pulsepoint user list"), "{said}");
    assert!(home.run(&["user", "role", "ada@acme.example", "viewer"]).failed(1).contains("owner"));
}

#[test]
fn the_setup_token_is_the_running_servers_and_ends_with_the_first_person() {
    let home = Home::new();
    assert!(home.run(&["setup-token"]).failed(1).contains("pulsepoint serve"));
    let _server = home.serve(&[]);
    let first = home.run(&["setup-token", "--json"]).ok().json();
    let again = home.run(&["setup-token"]).ok().out;
    let token = first["token"].as_str().unwrap();
    assert!(token.len() >= 20 && again.trim() == token, "{again}");
    home.run(&["tenant", "add", "acme"]).ok();
    let add = ["user", "add", "ada@acme.example", "--tenant", "acme", "--role", "owner"];
    home.run_with(&add, PASSWORD).ok();
    assert!(home.run(&["setup-token"]).failed(1).contains("already"));
}

#[test]
fn a_wrong_master_key_says_so_and_touches_nothing() {
    let home = home_with_acme();
    let before = std::fs::read(home.data().join("control.db")).unwrap();
    let with_key = |key: String| {
        let mut command = home.command(&["tenant", "list"]);
        command.env("PULSEPOINT_MASTER_KEY", key);
        finish(command).failed(1)
    };
    assert!(with_key("00".repeat(32)).contains("master key"));
    assert!(with_key("short".to_owned()).contains("PULSEPOINT_MASTER_KEY is not a master key"));
    assert_eq!(std::fs::read(home.data().join("control.db")).unwrap(), before);
    home.run(&["tenant", "list"]).ok();
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_sound_instance() {
    let home = home_with_acme();
    let text = home.run(&["doctor"]).ok().out;
    assert!(text.contains("master.key"), "it says where the key lies: {text}");
    let json = home.run(&["doctor", "--json"]).ok().json();
    assert_eq!(json["ok"], true);
    let names: Vec<&str> = json["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["settings", "data folder", "keys", "disk", "port", "certificate", "clock", "versions", "stores", "key age"]
    );
}

#[test]
fn the_doctor_names_what_is_wrong() {
    let home = home_with_acme();
    let data = home.data();
    std::fs::set_permissions(&data, PermissionsExt::from_mode(0o755)).unwrap();
    let tenant = std::fs::read_dir(data.join("tenants")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(tenant.join("store.db"), "").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = home.command(&["doctor", "--json"]);
    command.env("PULSEPOINT_LISTEN", taken.local_addr().unwrap().to_string());
    let finished = finish(command);
    assert_eq!(finished.code, 1);
    let json = finished.json();
    let bad: Vec<&str> = json["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["state"] != "good")
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(bad, ["data folder", "port", "stores"], "{json}");
}

#[test]
fn the_doctor_of_an_empty_place_says_how_to_begin() {
    let home = Home::new();
    let text = home.run(&["doctor"]).ok().out;
    assert!(text.contains("pulsepoint serve"), "{text}");
    assert!(!home.data().exists(), "looking makes nothing");
}
