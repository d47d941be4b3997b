//! Bodies that are no JSON, or not quite, for every route that reads JSON, and what a refusal of them looks like.

use serde_json::{Map, Value, json};

use super::app::Answer;

/// Words of other languages than JSON.
const WORDS: &[&str] = &[
    "",
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "nul",
    "True",
    "FALSE",
    "'x'",
    "x",
    "\u{feff}1",
    "@",
    "*",
    "<x>",
];
/// Numbers that JSON or our fields do not have.
const NUMBERS: &[&str] = &[
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "-",
    "-.5",
    "1e",
    "1e+",
    "1.e1",
    "0x10",
    "0b1",
    "1_000",
    "1,5",
    "\u{ff11}",
    "1 000",
    "1e400",
    "-1e999",
    "1E4000000000",
    "123456789012345678901234567890",
    "-99999999999999999999",
    "1.5e-0.5",
    "--1",
    "9.9.9",
];
/// Texts that do not end, or hold what they may not.
const STRINGS: &[&str] = &[
    r#"""#,
    r#""x"#,
    r#""\"#,
    r#""\""#,
    r#""\x41""#,
    r#""\u12""#,
    r#""\u12G4""#,
    r#""\U0041""#,
    r#""\a""#,
    r#""\'""#,
    r#""\ud800""#,
    r#""\udc00""#,
    r#""\ud800x""#,
    r#""\udc00\ud800""#,
    r#""\ud800\ud800""#,
    r#""\ud83d\u0041""#,
    "\"a\nb\"",
    "\"a\tb\"",
    "\"\0\"",
    "\"\u{1f}\"",
    r#""a" "b""#,
    r#""a"b"#,
    r#"«a»"#,
];
/// Arrays and objects that do not add up.
const NESTS: &[&str] = &[
    "[",
    "]",
    "[1",
    "[1,",
    "[,]",
    "[1,]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "[1}",
    "{",
    "}",
    "{]",
    "{,}",
    r#"{"a"}"#,
    r#"{"a":}"#,
    r#"{"a":1,}"#,
    r#"{"a" 1}"#,
    r#"{"a"::1}"#,
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    r#"{"a":1 "b":2}"#,
    r#"{"a":1,"a":2}"#,
    r#"{"a":{"b":1,"\u0062":2}}"#,
    r#"[{"a":1,"a":1}]"#,
    "/**/",
    "1/*x*/",
    "1//x",
    "1#x",
    "[[[[{]]]]",
];
/// No UTF-8.
const BYTES: &[&[u8]] = &[
    b"\"\xff\"",
    b"\"\xc0\xaf\"",
    b"\"\xe0\x80\xaf\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\"\xc3\"",
    b"\xff",
    b"\"\x80\"",
];

/// What stands where a value should: no JSON, or nothing that any field takes.
pub fn bad_values() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> =
        [WORDS, NUMBERS, STRINGS, NESTS].concat().into_iter().map(|text| text.as_bytes().to_vec()).collect();
    all.extend(BYTES.iter().map(|bytes| bytes.to_vec()));
    for depth in [40, 1_000, 100_000] {
        all.push([vec![b'['; depth], vec![b']'; depth]].concat());
        all.push(vec![b'['; depth]);
        all.push([r#"{"a":"#.repeat(depth).into_bytes(), b"1".to_vec(), vec![b'}'; depth]].concat());
    }
    all.push([vec![b'9'; 100_000], b".5e1".to_vec()].concat());
    all
}

/// A sound body, as a whole bent in ways that leave no sound body.
pub fn bent(sound: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(sound).unwrap();
    let (inner, first) = (&text[1..text.len() - 1], text[2..].split('"').next().unwrap());
    let escaped = format!("\\u{:04x}{}", first.as_bytes()[0], &first[1..]);
    let long = "k".repeat(200_000);
    let many: String = (0..20_000).map(|n| format!("\"k{n}\":{n},")).collect();
    let mut all: Vec<Vec<u8>> = [
        String::new(),
        " ".into(),
        "\n\r\t".into(),
        "null".into(),
        "true".into(),
        "0".into(),
        "\"\"".into(),
        "[]".into(),
        "\u{feff}".into(),
        "\u{feff}".to_owned() + text,
        format!("[{text}]"),
        format!("{{{inner}"),
        format!("{inner}}}"),
        format!("{{{inner}]"),
        format!("{{{inner},}}"),
        format!("{{,{inner}}}"),
        format!("{{{inner},,}}"),
        format!("{text}{text}"),
        format!("{text},"),
        format!("{text}\0"),
        format!("{text}//"),
        format!("/**/{text}"),
        format!("({text})"),
        format!("\u{a0}{text}"),
        format!("{text}\u{2028}"),
        text.replace('"', "'"),
        text.replace('"', "\u{201c}"),
        text.replace(':', "="),
        text.replacen(':', "\\u003a", 1),
        format!("{{\"{first}\":null,{inner}}}"),
        format!("{{{inner},\"{escaped}\":null}}"),
        format!("{{\"{long}\":1,{inner}}}"),
        format!("{{{inner},\"{long}\":1,\"{long}\":2}}"),
        format!("{{{many}{inner}}}"),
        format!("{{{inner},\"\":1}}"),
        format!("{{{inner},\"__proto__\":{{}}}}"),
        format!("{{{inner},\"\\u0000\":1}}"),
        format!("{}{text}", " ".repeat(2 << 20)),
    ]
    .map(String::into_bytes)
    .into();
    all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    all.push([b"\x1f\x8b\x08\0", sound].concat());
    all.push([sound, b"\xff"].concat());
    all.push([b"{\"\xff\":1,", inner.as_bytes(), b"}"].concat());
    all
}

/// The sound body with raw bytes in the place of one field's value.
pub fn with_raw(sound: &Map<String, Value>, field: &str, raw: &[u8]) -> Vec<u8> {
    let mut body = b"{".to_vec();
    for (name, value) in sound.iter().filter(|(name, _)| *name != field) {
        body.extend_from_slice(format!("{}:{value},", json!(name)).as_bytes());
    }
    body.extend_from_slice(format!("{}:", json!(field)).as_bytes());
    body.extend_from_slice(raw);
    body.push(b'}');
    body
}

/// Fails where an answer is not a problem that says no in a sentence.
pub fn is_refusal(answer: &Answer, what: &str) {
    let (status, start) = (answer.status.as_u16(), &answer.body[..answer.body.len().min(400)]);
    let start = String::from_utf8_lossy(start);
    assert!([400, 413, 415, 422].contains(&status), "{what}: {status} {start}");
    let problem = answer.json();
    assert!(!answer.code().is_empty(), "{what}");
    assert_eq!(problem["status"], status, "{what}");
    assert_eq!(problem["request_id"], answer.headers["x-request-id"].to_str().unwrap(), "{what}");
    let said = problem["detail"].as_str().unwrap();
    assert!(said.ends_with('.') && said.len() > 10, "{what}: {said:?}");
    assert!(answer.body.len() < 4096, "{what}: an answer of {} bytes to say no", answer.body.len());
}
