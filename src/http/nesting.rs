//! A look through a JSON text before it is given a type: no key twice in one object, no deeper than anything of ours is.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Levels of arrays and objects that a body may have.
pub(super) const MAX_DEPTH: usize = 32;

/// Marks of our own complaints inside the parser's message; the caller turns them into codes.
const TOO_DEEP: &str = "pulsepoint:too_deep";
const DUPLICATE: &str = "pulsepoint:duplicate:";

/// What is wrong with a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not JSON.
    Malformed(String),
    /// More than `MAX_DEPTH` levels.
    TooDeep,
    /// This key stands twice in one object.
    Duplicate(String),
}

/// Checks the whole text, and that nothing follows it.
pub(super) fn check(bytes: &[u8]) -> Result<(), Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Level(0).deserialize(&mut reader).and_then(|()| reader.end()).map_err(|error| {
        let text = error.to_string();
        if text.starts_with(TOO_DEEP) || text.starts_with("recursion limit") {
            return Fault::TooDeep;
        }
        match text.strip_prefix(DUPLICATE) {
            Some(rest) => Fault::Duplicate(rest.rsplit_once(" at line ").map_or(rest, |(key, _)| key).to_owned()),
            None => Fault::Malformed(text),
        }
    })
}

#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 >= MAX_DEPTH { Err(E::custom(TOO_DEEP)) } else { Ok(Self(self.0 + 1)) }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while seq.next_element_seed(below)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(below)?;
            if let Some(twice) = keys.replace(key) {
                return Err(A::Error::custom(format_args!("{DUPLICATE}{twice}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_texts_pass() {
        for text in ["{}", "[1,2,{\"a\":[null,true,\"x\",1.5e3]}]", "{\"a\":1,\"b\":{\"a\":1}}", " 7 "] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_key_twice_is_named() {
        assert_eq!(check(br#"{"a":{"x":1,"x":2}}"#), Err(Fault::Duplicate("x".into())));
        assert_eq!(check(br#"{"a":1,"\u0061":2}"#), Err(Fault::Duplicate("a".into())));
        assert_eq!(check(br#"{"at line 3":1,"at line 3":2}"#), Err(Fault::Duplicate("at line 3".into())));
    }

    #[test]
    fn depth_has_a_floor() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(check(nested(MAX_DEPTH).as_bytes()), Ok(()));
        assert_eq!(check(nested(MAX_DEPTH + 1).as_bytes()), Err(Fault::TooDeep));
        assert_eq!(check("[".repeat(100_000).as_bytes()), Err(Fault::TooDeep));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in ["", "{", "{]", "{'a':1}", "[1,]", "nul", "1 2", "\"\\ud800\"", "1e400", "01", "\u{feff}{}", "NaN"]
        {
            assert!(matches!(check(text.as_bytes()), Err(Fault::Malformed(_))), "{text}");
        }
        assert!(matches!(check(b"\"\xff\""), Err(Fault::Malformed(_))));
    }
}
