//! `packaging/SECURITY.md` says what the code does: times, keys, classes of data.

use std::fs;
use std::path::Path;

use pulsepoint::auth::LIFETIME_SECS;
use pulsepoint::http::Settings;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The part under a heading.
fn part(heading: &str) -> String {
    let page = read("packaging/SECURITY.md");
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().unwrap().to_owned()
}

#[test]
fn sessions_last_as_long_as_is_written_down() {
    let sessions = part("Sessions");
    let hours = LIFETIME_SECS / 3600;
    let idle = Settings::default().session_idle_hours;
    let source = read("src/auth/sessions.rs");
    assert!(source.contains("SESSION_SECS: i64 = 30 * 24 * 3600"), "the page says 30 days");
    for row in [
        format!("| access token | {hours} hours |"),
        format!("| session without use | {idle} hours (`session_idle_hours`) |"),
        "| session at most | 30 days from the sign-in |".to_owned(),
    ] {
        assert!(sessions.contains(&row), "{row}");
    }
    assert!(sessions.contains("Single sign-on"), "sessions that began at a provider");
}

#[test]
fn every_key_is_in_the_inventory() {
    let (keys, source) = (part("Keys"), read("src/secrets/keys.rs"));
    let purposes = source.split_once("pub enum Purpose {").unwrap().1.split_once('}').unwrap().0;
    let names: Vec<&str> = purposes
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
        .filter_map(|line| line.strip_suffix(','))
        .collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(keys.contains(&format!("`{name}`")), "the purpose {name} is in no row");
    }
    let args = read("src/cli/keys_args.rs");
    for which in ["master", "database", "tokens", "signing", "backup"] {
        assert!(keys.contains(&format!("`keys rotate {which}`")) && args.to_lowercase().contains(which), "{which}");
    }
}

#[test]
fn every_table_has_a_class_and_one_alone() {
    let data = part("Data");
    let mut tables = 0;
    for folder in ["control", "tenant"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/migrations").join(folder);
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines().filter_map(|line| line.strip_prefix("create table ")) {
                let name = line.trim_start_matches("if not exists ").split([' ', '(']).next().unwrap();
                let rows = data
                    .lines()
                    .filter(|row| row.split('|').nth(2).is_some_and(|list| list.contains(&format!("`{name}`"))));
                assert_eq!(rows.count(), 1, "the table {name} has no class, or two");
                tables += 1;
            }
        }
    }
    assert!(tables > 40, "{tables}");
}

#[test]
fn logs_and_times_for_updates_are_written_down() {
    let logs = part("Logs");
    for log in ["each tenant's event chain", "the instance's event chain", "signed heads", "the process's log"] {
        assert!(logs.contains(&format!("| {log} |")), "{log}");
    }
    let updates = part("Updates of what is inside");
    for time in ["critical within 2 days", "high within 7", "at\nmost 90 days", "pulsepoint.cdx.json"] {
        assert!(updates.contains(time), "{time}");
    }
}
