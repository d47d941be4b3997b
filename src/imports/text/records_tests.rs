//! Records against the `csv` crate, and what hostile bytes get.

use proptest::prelude::*;

use super::*;

fn all(input: &[u8], delimiter: u8, limit: usize) -> Vec<(u64, Result<Vec<String>, BadRecord>)> {
    let mut records = Records::new(input, delimiter, limit);
    let mut record = Record::default();
    let mut out = Vec::new();
    loop {
        match records.next(&mut record).unwrap() {
            Found::Record => out.push((record.line(), Ok(record.fields().map(str::to_owned).collect()))),
            Found::Bad(bad) => out.push((record.line(), Err(bad))),
            Found::End => return out,
        }
    }
}

fn good(input: &str) -> Vec<Vec<String>> {
    all(input.as_bytes(), b',', 1 << 20).into_iter().filter_map(|(_, r)| r.ok()).collect()
}

#[test]
fn splits_quotes_and_lines_and_counts_lines() {
    let found = all(b"a,b\r\n\"x,\"\"1\"\"\nsecond\",2\r\n\n3,\"\"\n4,5", b',', 1 << 20);
    let text: Vec<(u64, Vec<String>)> = found.into_iter().map(|(line, r)| (line, r.unwrap())).collect();
    let s = |v: &[&str]| v.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        text,
        vec![
            (1, s(&["a", "b"])),
            (2, s(&["x,\"1\"\nsecond", "2"])),
            (4, s(&[])),
            (5, s(&["3", ""])),
            (6, s(&["4", "5"]))
        ]
    );
}

#[test]
fn a_quote_never_closed_costs_one_line() {
    let found = all(b"a,b\n\"1,2\n3,4\n5,6\n", b',', 1 << 20);
    assert_eq!(found[1], (2, Err(BadRecord::UnclosedQuote)));
    assert_eq!(found[2].1, Ok(vec!["3".into(), "4".into()]));
    assert_eq!(found.len(), 4);
}

#[test]
fn a_line_past_the_limit_is_dropped_and_the_rest_read() {
    let mut input = b"a,b\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 5_000_000));
    input.extend_from_slice(b"\n1,2\n");
    let found = all(&input, b',', 100_000);
    assert_eq!(found[1], (2, Err(BadRecord::TooLong)));
    assert_eq!(found[2], (3, Ok(vec!["1".into(), "2".into()])));
    let mut quoted = b"a,b\n\"".to_vec();
    quoted.extend(std::iter::repeat_n(b"y\n".as_slice(), 400_000).flatten());
    let found = all(&quoted, b',', 100_000);
    assert_eq!(found[1].1, Err(BadRecord::UnclosedQuote));
    assert_eq!(found[2], (3, Ok(vec!["y".into()])));
    assert_eq!(found.len(), 400_001);
}

#[test]
fn nul_and_broken_utf8_are_named() {
    let found = all(b"a,b\n1\0,2\n\xff,3\n\"\xfe\",4\n5,6\n", b',', 1 << 20);
    assert_eq!(found[1].1, Err(BadRecord::Nul));
    assert_eq!(found[2].1, Err(BadRecord::Encoding));
    assert_eq!(found[3].1, Err(BadRecord::Encoding));
    assert_eq!(found[4].1, Ok(vec!["5".into(), "6".into()]));
}

#[test]
fn a_record_is_written_back_as_one_line() {
    let mut records = Records::new("\"a,b\",\"c\"\"d\",e\n".as_bytes(), b',', 1000);
    let mut record = Record::default();
    records.next(&mut record).unwrap();
    let mut out = String::new();
    record.append_line(b',', 100, &mut out);
    assert_eq!(out, "\"a,b\",\"c\"\"d\",e");
}

proptest! {
    #[test]
    fn agrees_with_the_csv_crate(rows in proptest::collection::vec(proptest::collection::vec("[a-z,\"\r\n é]{0,12}", 2..5), 1..20)) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        prop_assert_eq!(good(std::str::from_utf8(&bytes).unwrap()), rows);
    }

    #[test]
    fn never_fails_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), limit in 10_usize..200) {
        all(&bytes, b',', limit);
    }
}
