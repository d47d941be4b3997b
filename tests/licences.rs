//! Every crate the binary is built from has a licence that Apache-2.0 software may ship with. Reads only what cargo has at hand.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

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

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let host = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned())).arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
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
