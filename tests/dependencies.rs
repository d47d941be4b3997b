//! What the binary is built from: every crate has a licence that Apache-2.0 software may ship with, and DuckDB is compiled once
//! for building, testing, linting and documenting. Reads only what cargo has at hand.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeSet, HashSet};
use std::process::Command;

use serde_json::Value;

/// Licences we ship with. MPL-2.0 binds its own files alone.
const ACCEPTED: [&str; 12] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unicode-3.0",
    "CC0-1.0",
    "MPL-2.0",
];

/// Crates whose further licences were read: the crate, its whole expression, what the rest covers.
const READ: [(&str, &str, &str); 1] = [(
    "sqlcipher-src",
    "MIT AND BSD-3-Clause AND blessing AND WTFPL",
    "SQLite's dedication to the public domain, and a build script that asks for nothing",
)];

#[test]
fn every_crate_has_an_accepted_licence() {
    let packages = packages();
    assert!(packages.len() > 100, "cargo metadata lists the dependencies");
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| package["name"] != "pulsepoint")
        .filter(|package| !package["license"].as_str().is_some_and(is_accepted))
        .filter(|package| !READ.iter().any(|read| package["name"] == read.0 && package["license"] == read.1))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "no accepted licence:\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    for good in ["MIT OR Apache-2.0", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND BSD-3-Clause", "GPL-2.0 OR MIT"] {
        assert!(is_accepted(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-2.0", "(GPL-3.0 OR AGPL-3.0) AND MIT", "", "MIT AND"] {
        assert!(!is_accepted(bad), "{bad}");
    }
}

/// Cargo compiles a crate again when the features of anything below it differ, and DuckDB takes half an hour.
#[test]
fn duckdb_is_compiled_once_for_every_step() {
    let build = below_duckdb(&["build"]);
    assert!(build.iter().any(|unit| unit.contains("libduckdb-sys")), "DuckDB is compiled");
    for step in [["test", "--no-run"].as_slice(), &["check", "--all-targets"], &["doc", "--no-deps"]] {
        let other = below_duckdb(step);
        let differing: Vec<&String> = build.symmetric_difference(&other).collect();
        assert!(differing.is_empty(), "cargo {step:?} would compile DuckDB again: {differing:#?}");
    }
}

/// The list that `make release` puts beside the binary: well-formed as CycloneDX 1.6 asks, whole, and the same each time.
#[test]
fn the_bill_of_materials_names_all_that_is_shipped() {
    let made = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/sbom.mjs");
        let output = Command::new("node").arg(script).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let text = made();
    assert!(text == made(), "the same sources give the same list");
    let list: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((&list["bomFormat"], &list["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let serial = list["serialNumber"].as_str().unwrap().strip_prefix("urn:uuid:").unwrap();
    assert_eq!(serial.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!((&list["version"], &list["metadata"]["component"]["type"]), (&1.into(), &"application".into()));

    let components = list["components"].as_array().unwrap();
    let mut refs = BTreeSet::from([list["metadata"]["component"]["bom-ref"].as_str().unwrap()]);
    for one in components {
        let text = |name: &str| one[name].as_str().unwrap_or_else(|| panic!("no {name} in {one}"));
        assert_eq!((text("type"), text("bom-ref")), ("library", text("purl")));
        assert!(text("purl").ends_with(&format!("@{}", text("version"))), "{one}");
        assert!(one["licenses"][0]["expression"].as_str().is_some_and(|licence| !licence.contains("  ")), "{one}");
        let (kind, sum) = (&one["hashes"][0]["alg"], one["hashes"][0]["content"].as_str().unwrap());
        let digits = if kind == "SHA-256" { 64 } else { 128 };
        assert!(sum.len() == digits && sum.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert!(refs.insert(text("bom-ref")), "{one} stands twice");
    }
    for one in list["dependencies"].as_array().unwrap() {
        let below = one["dependsOn"].as_array().unwrap().iter().chain([&one["ref"]]);
        below.for_each(|name| assert!(refs.contains(name.as_str().unwrap()), "{name} is not in the list"));
    }
    let has = |name: &str| components.iter().any(|one| one["name"] == name);
    for shipped in
        ["axum", "rustls", "libduckdb-sys", "sqlcipher-src", "age", "react", "@tanstack/react-query", "uplot"]
    {
        assert!(has(shipped), "{shipped} is missing");
    }
    for other in ["proptest", "fuser", "vite", "typescript", "playwright-core", "axe-core"] {
        assert!(!has(other), "{other} is not shipped");
    }
}

/// Everything that compiling DuckDB stands on, with its features.
fn below_duckdb(step: &[&str]) -> BTreeSet<String> {
    let graph = cargo(&[step, &["--unit-graph", "-Zunstable-options"]].concat());
    let units = graph["units"].as_array().unwrap();
    let is_root = |unit: &Value| unit["pkg_id"].as_str().is_some_and(|id| id.contains("libduckdb-sys"));
    let begins = |unit: &&Value| is_root(unit) && unit["mode"] == "run-custom-build";
    let mut below = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open: Vec<&Value> = units.iter().filter(begins).collect();
    while let Some(unit) = open.pop() {
        below.insert(format!("{} {} {} {}", unit["pkg_id"], unit["target"]["name"], unit["mode"], unit["features"]));
        for dependency in unit["dependencies"].as_array().unwrap() {
            let index = dependency["index"].as_u64().unwrap();
            if seen.insert(index) {
                open.push(&units[usize::try_from(index).unwrap()]);
            }
        }
    }
    below
}

fn packages() -> Vec<Value> {
    let host = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned())).arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo(&["metadata", "--format-version=1", "--filter-platform", host]);
    metadata["packages"].as_array().unwrap().clone()
}

/// What cargo says as JSON, without the network and without compiling anything.
fn cargo(arguments: &[&str]) -> Value {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(arguments)
        .args(["--locked", "--offline"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        // The unit graph is not stable yet; for a test that reads it, that is good enough.
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether an SPDX expression leaves a way to use the crate under accepted licences.
fn is_accepted(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at) && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut accepted = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        accepted |= both(words, at);
    }
    accepted
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut accepted = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        accepted &= one(words, at);
    }
    accepted
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let accepted = either(words, at);
        *at += 1;
        return accepted;
    }
    let mut name = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    ACCEPTED.contains(&name.as_str())
}
