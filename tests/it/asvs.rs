//! The table of ASVS 5.0 in `tests/asvs.md`: every requirement of levels 1 and 2 once, each with a test that exists, a reason, or an
//! honest "missing".

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The requirements of levels 1 and 2 of ASVS 5.0.0, by section.
const KNOWN: &str = "1.1.1/2 1.2.1/2/3/4/5/6/7/8/9 1.3.1/2/3/4/5/6/7/8/9/10/11 1.4.1/2/3 1.5.1/2 2.1.1/2/3 2.2.1/2/3 2.3.1/2/3/4 2.4.1 \
    3.2.1/2 3.3.1/2/3/4 3.4.1/2/3/4/5/6 3.5.1/2/3/4/5 3.7.1/2 4.1.1/2/3 4.2.1 4.3.1/2 4.4.1/2/3/4 5.1.1 5.2.1/2/3 5.3.1/2 5.4.1/2/3 \
    6.1.1/2/3 6.2.1/2/3/4/5/6/7/8/9/10/11/12 6.3.1/2/3/4 6.4.1/2/3/4 6.5.1/2/3/4/5 6.6.1/2/3 6.8.1/2/3/4 7.1.1/2/3 7.2.1/2/3/4 7.3.1/2 \
    7.4.1/2/3/4/5 7.5.1/2 7.6.1/2 8.1.1/2 8.2.1/2/3 8.3.1 8.4.1 9.1.1/2/3 9.2.1/2/3/4 10.1.1/2 10.2.1/2 10.3.1/2/3/4 \
    10.4.1/2/3/4/5/6/7/8/9/10/11 10.5.1/2/3/4/5 10.6.1/2 10.7.1/2/3 11.1.1/2 11.2.1/2/3 11.3.1/2/3 11.4.1/2/3/4 11.5.1 11.6.1 \
    12.1.1/2/3 12.2.1/2 12.3.1/2/3/4 13.1.1 13.2.1/2/3/4/5 13.3.1/2 13.4.1/2/3/4/5 14.1.1/2 14.2.1/2/3/4 14.3.1/2/3 15.1.1/2/3 \
    15.2.1/2/3 15.3.1/2/3/4/5/6/7 16.1.1 16.2.1/2/3/4/5 16.3.1/2/3/4 16.4.1/2/3 16.5.1/2/3 17.1.1 17.2.1/2/3/4 17.3.1/2";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn known() -> BTreeSet<String> {
    let ids = KNOWN.split_whitespace().flat_map(|group| {
        let (section, numbers) = group.rsplit_once('.').unwrap();
        numbers.split('/').map(move |number| format!("{section}.{number}"))
    });
    ids.collect()
}

fn files(folder: &Path, ends: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ends, found);
        } else if path.to_string_lossy().ends_with(ends) {
            found.push(path);
        }
    }
}

/// Every test there is, as `file::function`, where `tests.rs` and `mod.rs` go by their folder; and `file.test.mjs::sentence`.
fn tests() -> BTreeSet<String> {
    let (mut rust, mut pages, mut all) = (Vec::new(), Vec::new(), BTreeSet::new());
    files(&root().join("src"), ".rs", &mut rust);
    files(&root().join("tests"), ".rs", &mut rust);
    files(&root().join("tests/browser"), ".test.mjs", &mut pages);
    for path in rust {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let name = if ["tests", "mod"].contains(&stem) { folder } else { stem };
        let text = fs::read_to_string(&path).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if is_test && let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
                all.insert(format!("{name}::{}", rest.split('(').next().unwrap()));
                is_test = false;
            }
        }
    }
    for path in pages {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let sentences = text.lines().filter_map(|line| line.trim().strip_prefix("it(\""));
        all.extend(sentences.map(|rest| format!("{name}::{}", rest.split('"').next().unwrap())));
    }
    all
}

/// What is wrong with a table, as sentences.
fn faults(table: &str, known: &BTreeSet<String>, tests: &BTreeSet<String>) -> Vec<String> {
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for line in
        table.lines().filter(|line| line.starts_with('|') && !line.starts_with("| id ") && !line.starts_with("| -"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, level, what, shown] = cells[..] else {
            wrong.push(format!("no row of four: {line}"));
            continue;
        };
        if !known.contains(id) {
            wrong.push(format!("{id} is no requirement of level 1 or 2"));
        }
        if !seen.insert(id.to_owned()) {
            wrong.push(format!("{id} is there twice"));
        }
        if !["1", "2"].contains(&level) || what.is_empty() {
            wrong.push(format!("{id} says no level or nothing of what it is"));
        }
        let names: Vec<&str> = shown.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        let reason =
            ["n/a: ", "missing: "].iter().any(|word| shown.split(word).nth(1).is_some_and(|why| why.len() > 3));
        if names.is_empty() && !reason {
            wrong.push(format!("{id} names no test and gives no reason"));
        }
        let lost = names.into_iter().filter(|name| !tests.contains(*name));
        wrong.extend(lost.map(|name| format!("{id}: there is no test {name}")));
    }
    wrong.extend(known.difference(&seen).map(|id| format!("{id} is not in the table")));
    wrong
}

#[test]
fn every_requirement_has_its_row_and_every_test_it_names_exists() {
    let table = fs::read_to_string(root().join("tests/asvs.md")).unwrap();
    let known = known();
    assert_eq!(known.len(), 253);
    assert_eq!(faults(&table, &known, &tests()), Vec::<String>::new());
    let rows = table.lines().filter(|line| line.starts_with("| ") && line.contains('.'));
    let mut kinds = BTreeMap::<&str, usize>::new();
    for row in rows {
        let kind = if row.contains("missing: ") {
            "missing"
        } else if row.contains("| n/a: ") {
            "not applicable"
        } else {
            "tested"
        };
        *kinds.entry(kind).or_default() += 1;
    }
    writeln!(std::io::stderr(), "asvs: {kinds:?}").unwrap();
}

#[test]
fn a_bad_table_is_seen() {
    let known = BTreeSet::from(["1.1.1".to_owned(), "1.1.2".to_owned(), "1.1.3".to_owned()]);
    let tests = BTreeSet::from(["a::b".to_owned()]);
    let sound = "| 1.1.1 | 1 | x | `a::b` |\n| 1.1.2 | 2 | x | n/a: none |\n| 1.1.3 | 2 | x | missing: a test |\n";
    assert_eq!(faults(sound, &known, &tests), Vec::<String>::new());
    for (what, bad) in [
        ("blank", sound.replace("n/a: none", "")),
        ("no reason", sound.replace("n/a: none", "n/a: ")),
        ("lost", sound.replace("| 1.1.2 | 2 | x | n/a: none |\n", "")),
        ("twice", sound.replace("1.1.2", "1.1.1")),
        ("unknown", sound.to_owned() + "| 9.9.9 | 2 | x | n/a: none |\n"),
        ("no such test", sound.replace("a::b", "a::c")),
        ("no level", sound.replace("| 1 | x", "| 3 | x")),
    ] {
        assert!(!faults(&bad, &known, &tests).is_empty(), "{what}");
    }
}
