//! Cuts people out of an answer before anything else sees it: e-mail addresses become the keyed hash by which a customer is
//! recognised, names, streets and phones go. What is kept, parsed and replayed never held them.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use memchr::memmem::Finder;
use serde::Serialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::commerce::CustomerHash;
use crate::commerce::arrival::redacted;

/// What a hashed address begins with. No address does: it has no `@`.
const HASHED: &str = "hashed:";

/// Fields that hold a person's address and become its hash.
const HASHED_FIELDS: [&str; 2] = ["email", "contact_email"];

/// Fields that hold what is kept of nobody: names, streets, phones, and what people wrote.
const CUT_FIELDS: [&str; 24] = [
    "firstName",
    "first_name",
    "lastName",
    "last_name",
    "displayName",
    "address1",
    "address2",
    "zip",
    "phone",
    "latitude",
    "longitude",
    "company",
    "note",
    "customAttributes",
    "note_attributes",
    "billingAddress",
    "billing_address",
    "browser_ip",
    "clientIp",
    "client_details",
    "default_address",
    "defaultAddress",
    "formatted",
    "addresses",
];

/// Fields that hold the address of a page, which may hold anything: what a person is called by, what lets them in.
const ADDRESS_FIELDS: [&str; 4] = ["landingPage", "referrerUrl", "landing_site", "referring_site"];

/// Redacts answers of one tenant. Cheap to clone.
#[derive(Clone)]
pub struct Redactor {
    hash: CustomerHash,
}

impl Redactor {
    /// One that hashes with this tenant's key.
    pub fn new(hash: CustomerHash) -> Self {
        Self { hash }
    }

    /// The body without people. Where it is no JSON, nothing of it may be kept.
    ///
    /// # Errors
    /// The parser's words, which repeat nothing of the body.
    pub fn json(&self, body: &[u8]) -> Result<Bytes, String> {
        let mut out = Vec::with_capacity(body.len());
        let mut text = serde_json::Deserializer::from_slice(body);
        let copied = Copied { redactor: self, out: &mut out }.deserialize(&mut text).and_then(|()| text.end());
        copied.map_err(|error| error.to_string())?;
        Ok(out.into())
    }

    /// One line of a download: as it is where no field of it is to be cut, else as [`Self::json`].
    ///
    /// # Errors
    /// As [`Self::json`].
    pub fn line(&self, line: &Bytes) -> Result<Bytes, String> {
        static FIELDS: OnceLock<Vec<Finder<'static>>> = OnceLock::new();
        let fields = FIELDS.get_or_init(|| {
            let names = HASHED_FIELDS.iter().chain(&CUT_FIELDS).chain(&ADDRESS_FIELDS);
            names.map(|name| Finder::new(&format!("\"{name}\"")).into_owned()).collect()
        });
        // A name may be written with escapes, which would hide it.
        let may_hide = memchr::memmem::find(line, b"\\u").is_some();
        match may_hide || fields.iter().any(|field| field.find(line).is_some()) {
            true => self.json(line),
            false => Ok(line.clone()),
        }
    }

    /// [`Self::json`] of a value in place.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::Array(all) => all.iter_mut().for_each(|one| self.value(one)),
            Value::Object(fields) => self.fields(fields),
            _ => {}
        }
    }

    fn fields(&self, fields: &mut Map<String, Value>) {
        for (name, value) in fields.iter_mut() {
            match Field::of(name) {
                Field::Cut => *value = Value::Null,
                Field::Hashed => *value = self.hashed(value).map_or(Value::Null, Value::String),
                Field::Address => *value = value.as_str().and_then(redacted).map_or(Value::Null, Value::String),
                Field::Plain => self.value(value),
            }
        }
    }

    /// The hash in the place of an address; none where there is none.
    fn hashed(&self, value: &Value) -> Option<String> {
        let address = value.as_str().map(str::trim).filter(|address| !address.is_empty())?;
        let mut text = HASHED.to_owned();
        for byte in self.hash.of_email(address) {
            text.push_str(&format!("{byte:02x}"));
        }
        Some(text)
    }
}

/// What becomes of a field's value.
#[derive(Clone, Copy)]
enum Field {
    Plain,
    Cut,
    Hashed,
    Address,
}

impl Field {
    fn of(name: &str) -> Self {
        match name {
            name if CUT_FIELDS.contains(&name) => Self::Cut,
            name if HASHED_FIELDS.contains(&name) => Self::Hashed,
            name if ADDRESS_FIELDS.contains(&name) => Self::Address,
            _ => Self::Plain,
        }
    }
}

/// Copies a JSON text as it is read, without a tree of it: downloads have a million lines.
struct Copied<'a> {
    redactor: &'a Redactor,
    out: &'a mut Vec<u8>,
}

impl Copied<'_> {
    fn write<E: de::Error>(self, value: &(impl Serialize + ?Sized)) -> Result<(), E> {
        serde_json::to_writer(self.out, value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Copied<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Copied<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.write(&())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.write(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let from = self.out.len();
        loop {
            let at = self.out.len();
            if at > from {
                self.out.push(b',');
            }
            if all.next_element_seed(Copied { redactor: self.redactor, out: self.out })?.is_none() {
                self.out.truncate(at);
                break;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut is_first = true;
        while let Some(field) = all.next_key_seed(Name { out: self.out, is_first })? {
            is_first = false;
            let instead = match field {
                Field::Plain => {
                    all.next_value_seed(Copied { redactor: self.redactor, out: self.out })?;
                    continue;
                }
                Field::Cut => all.next_value::<IgnoredAny>().map(|_| None)?,
                Field::Hashed => self.redactor.hashed(&all.next_value::<Value>()?),
                Field::Address => all.next_value::<Value>()?.as_str().and_then(redacted),
            };
            Copied { redactor: self.redactor, out: self.out }.write(&instead)?;
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// Copies a field's name.
struct Name<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Field, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
        if !self.is_first {
            self.out.push(b',');
        }
        serde_json::to_writer(&mut *self.out, name).map_err(E::custom)?;
        self.out.push(b':');
        Ok(Field::of(name))
    }
}

/// The hash that [`Redactor`] wrote in the place of an address; none for anything else.
pub fn hash_of(text: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix(HASHED)?;
    let number = (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok())??;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let texts = prop_oneof!["\\PC{0,12}", Just(" Ann@Shop.example".to_owned()), Just("\"\\\n\u{1}é😀".to_owned())];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Of numbers with more digits the parser itself may miss the last.
            any::<i32>().prop_map(|thousandths| Value::from(f64::from(thousandths) / 1000.0)),
            texts.prop_map(Value::from),
        ];
        let names = prop_oneof![
            "email",
            "contact_email",
            "firstName",
            "note",
            "zip",
            "landingPage",
            "emails",
            "id",
            "\\PC{0,4}"
        ];
        leaf.prop_recursive(5, 60, 6, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::from),
                vec((names.clone(), inner), 0..6).prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_text_is_cut_as_its_tree_is(mut value in values(), pretty: bool) {
            let redactor = Redactor::new(CustomerHash::new(&[7; 32]));
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
            let copied: Value = serde_json::from_slice(&redactor.json(&text).unwrap()).unwrap();
            let line: Value = serde_json::from_slice(&redactor.line(&Bytes::from(text.clone())).unwrap()).unwrap();
            redactor.value(&mut value);
            prop_assert_eq!(&copied, &value);
            prop_assert_eq!(&line, &value);
            for end in 0..text.len().min(40) {
                let broken = &text[..end];
                prop_assert_eq!(redactor.json(broken).is_ok(), serde_json::from_slice::<Value>(broken).is_ok());
            }
        }
    }

    #[test]
    fn a_name_that_is_written_with_escapes_is_known_and_every_one_of_a_name_is_cut() {
        let redactor = Redactor::new(CustomerHash::new(&[7; 32]));
        let text =
            br#"{"\u0065mail":"ann@shop.example","zip":"1","zip":{"a":["2"]},"note":"x","email":"ann@shop.example"}"#;
        let line = redactor.line(&Bytes::from_static(text)).unwrap();
        let hash = redactor.hashed(&"ann@shop.example".into()).unwrap();
        let wanted = format!(r#"{{"email":"{hash}","zip":null,"zip":null,"note":null,"email":"{hash}"}}"#);
        assert_eq!(std::str::from_utf8(&line).unwrap(), wanted);
        assert!(redactor.json(b"{} {}").is_err() && redactor.json(b"").is_err());
        assert!(redactor.json(&[b"[".repeat(100_000), b"]".repeat(100_000)].concat()).is_err(), "too deep");
    }
}
