//! The shape of the source: modules use only what stands above them in `lib.rs`, libraries stay in their homes, files stay
//! short. The ceilings may only go down.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// Lines a source file may have.
const FILE_CEILING: usize = 400;
/// Lines a function may have; clippy counts them.
const FUNCTION_CEILING: usize = 60;
/// Names that collect everything, for a file or a folder.
const BANNED_NAMES: [&str; 6] = ["utils", "helpers", "common", "manager", "service", "misc"];

/// A library call or path that is named only in its homes; a home is a file or a folder under `src`.
struct Fence {
    what: &'static str,
    homes: &'static [&'static str],
}

const FENCES: [Fence; 7] = [
    Fence { what: "Connection::open", homes: &["db", "duck"] },
    Fence { what: "duckdb::", homes: &["duck", "warehouse", "metrics"] },
    Fence {
        what: "axum::",
        homes: &["http", "auth", "connectors/sandbox", "server", "server.rs", "app.rs", "routes.rs"],
    },
    Fence { what: "env::var", homes: &["config", "secrets"] },
    Fence { what: "println!", homes: &["cli", "main.rs"] },
    Fence { what: "process::exit", homes: &[] },
    Fence { what: "thread::sleep", homes: &[] },
];

struct Source {
    /// Under the root, with `/`.
    path: String,
    /// Code with comments and strings blanked out, so that a word in prose is not a use.
    code: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let path = file.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            Source { path, code: blank(&text), text }
        })
        .collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The text with comments and literals turned into spaces, line ends kept.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match literal_end(bytes, at) {
            Some(end) => end,
            None => {
                at += 1;
                continue;
            }
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the comment, string or character that begins at `at` ends; none when code stands there.
fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let word_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if rest.starts_with(b"//") {
        return Some(at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(at + find(rest, b"*/").unwrap_or(rest.len()));
    }
    if !word_before && (rest[0] == b'r' || rest.starts_with(b"br")) {
        let start = if rest[0] == b'b' { 2 } else { 1 };
        let hashes = rest[start..].iter().take_while(|byte| **byte == b'#').count();
        if rest.get(start + hashes) == Some(&b'"') {
            let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
            let body = start + hashes + 1;
            return Some(at + body + find(&rest[body..], &close).unwrap_or(rest.len() - body));
        }
    }
    if rest[0] == b'"' {
        let mut end = 1;
        while end < rest.len() && rest[end] != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        return Some((at + end + 1).min(bytes.len()));
    }
    character_end(rest).map(|length| at + length)
}

/// The length of a character literal; none for a lifetime.
fn character_end(rest: &[u8]) -> Option<usize> {
    if rest[0] != b'\'' {
        return None;
    }
    if rest.get(1) == Some(&b'\\') {
        return rest[3..].iter().take(12).position(|byte| *byte == b'\'').map(|place| place + 4);
    }
    let text = std::str::from_utf8(&rest[1..rest.len().min(5)])
        .or_else(|error| std::str::from_utf8(&rest[1..1 + error.valid_up_to()]));
    let width = text.ok()?.chars().next()?.len_utf8();
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

/// The place just behind the first `needle`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle).map(|place| place + needle.len())
}

/// The module a file under `src` belongs to; none for `lib.rs`, `main.rs`.
fn module_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/")?.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "lib" && name != "main").then_some(name)
}

/// The modules of `lib.rs` in their order.
fn order() -> Vec<String> {
    let lib = blank(&fs::read_to_string(root().join("src/lib.rs")).unwrap());
    lib.lines()
        .filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// The first names behind every `crate::`, groups opened.
fn modules_used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (place, _) in code.match_indices("crate::") {
        let rest = &code[place + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => used.push(first_word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut start = 0;
                for (at, character) in group.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            used.push(first_word(&group[start..]));
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            used.push(first_word(&group[start..]));
                            start = at + 1;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    used.retain(|word| !word.is_empty());
    used
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn modules_use_only_modules_above_them() {
    let order = order();
    assert!(order.len() > 3, "lib.rs lists the modules");
    let rank = |name: &str| order.iter().position(|module| module == name);
    let mut found = Vec::new();
    for source in sources("src") {
        let Some(module) = module_of(&source.path) else { continue };
        let Some(own) = rank(module) else {
            found.push(format!("{} belongs to no module of lib.rs", source.path));
            continue;
        };
        for used in modules_used(&source.code) {
            if rank(&used).is_some_and(|other| other > own) {
                found.push(format!("{} uses crate::{used}, which stands below {module}", source.path));
            }
        }
    }
    assert_none("a module uses only modules above it in lib.rs", &found);
}

#[test]
fn libraries_stay_in_their_homes() {
    let mut found = Vec::new();
    // A test may open an engine of its own to ask what is true.
    let is_test = |source: &Source| source.path.ends_with("/tests.rs") || source.path.ends_with("_tests.rs");
    for source in sources("src").into_iter().filter(|source| !is_test(source)) {
        let inside = source.path.trim_start_matches("src/");
        for fence in &FENCES {
            let home = fence.homes.iter().any(|home| inside == *home || inside.starts_with(&format!("{home}/")));
            let route = fence.what == "axum::" && (inside.ends_with("/routes.rs") || inside.contains("/routes/"));
            if !home && !route && uses(&source.code, fence.what) {
                found.push(format!("{} names {}, whose homes are {:?}", source.path, fence.what, fence.homes));
            }
        }
    }
    assert_none("a library is named only in its home", &found);
}

/// Whether `what` stands in the code as a word of its own.
fn uses(code: &str, what: &str) -> bool {
    code.match_indices(what)
        .any(|(place, _)| !code[..place].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[test]
fn files_and_functions_stay_short() {
    let mut found = Vec::new();
    for source in ["src", "tests"].into_iter().flat_map(sources) {
        let lines = source.text.lines().count();
        if lines > FILE_CEILING {
            found.push(format!("{} has {lines} lines, {FILE_CEILING} are allowed", source.path));
        }
    }
    assert_none("a file is about one thing", &found);
    let clippy: toml::Table = fs::read_to_string(root().join("clippy.toml")).unwrap().parse().unwrap();
    let ceiling = clippy["too-many-lines-threshold"].as_integer().unwrap();
    assert!(usize::try_from(ceiling).unwrap() <= FUNCTION_CEILING, "the ceiling of functions only goes down");
}

#[test]
fn every_file_says_first_what_it_is() {
    let all = ["src", "tests"].into_iter().flat_map(sources);
    let found: Vec<String> = all.filter(|source| !source.text.starts_with("//! ")).map(|source| source.path).collect();
    assert_none("a file opens with one `//!` sentence", &found);
}

#[test]
fn names_say_what_is_inside() {
    let all = ["src", "tests"].into_iter().flat_map(sources);
    let found: Vec<String> = all
        .map(|source| source.path)
        .filter(|path| path.split('/').any(|part| BANNED_NAMES.contains(&part.trim_end_matches(".rs"))))
        .collect();
    assert_none("these names collect everything", &found);
}

#[test]
fn exceptions_are_expected_and_nothing_is_left_open() {
    let mut found = Vec::new();
    for source in ["src", "tests"].into_iter().flat_map(sources) {
        for open in ["#[allow(", "#![allow(", "#[ignore", "todo!(", "unimplemented!("] {
            if source.code.contains(open) {
                found.push(format!("{} has {open}", source.path));
            }
        }
    }
    assert_none("use #[expect(…, reason)], and finish what is begun", &found);
}

#[test]
fn the_checks_see_what_they_should() {
    let code =
        blank("use crate::{db, http::{a, b}}; // crate::cli\nlet s = \"crate::app\"; let c = '\"'; crate::jobs::x()");
    assert_eq!(modules_used(&code), ["db", "http", "jobs"]);
    assert!(!uses(&blank("r#\"axum::x\"# 'a' /* axum:: */"), "axum::"));
    assert!(uses("x; axum::y", "axum::") && !uses("myaxum::y", "axum::"));
    assert_eq!(module_of("src/http/problem.rs"), Some("http"));
    assert!(std::panic::catch_unwind(|| assert_none("x", &["y".to_owned()])).is_err());
}
