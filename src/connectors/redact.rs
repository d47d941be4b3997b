//! Cuts people out of an answer before anything else sees it: e-mail addresses become the keyed hash by which a customer is
//! recognised, names, streets and phones go. What is kept, parsed and replayed never held them.

use std::sync::OnceLock;

use bytes::Bytes;
use memchr::memmem::Finder;
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

    /// The body without people; as it was where it is no JSON, in which case nothing of it may be kept.
    ///
    /// # Errors
    /// The parser's words, which repeat nothing of the body.
    pub fn json(&self, body: &[u8]) -> Result<Bytes, String> {
        let mut value: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        self.value(&mut value);
        // A value that was just read always serialises.
        Ok(Bytes::from(serde_json::to_vec(&value).unwrap_or_default()))
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
            if CUT_FIELDS.contains(&name.as_str()) {
                *value = Value::Null;
            } else if HASHED_FIELDS.contains(&name.as_str()) {
                *value = match value.as_str().map(str::trim) {
                    Some(address) if !address.is_empty() => self.hashed(address).into(),
                    _ => Value::Null,
                };
            } else if ADDRESS_FIELDS.contains(&name.as_str()) {
                *value = value.as_str().and_then(redacted).map_or(Value::Null, Value::String);
            } else {
                self.value(value);
            }
        }
    }

    fn hashed(&self, address: &str) -> String {
        let mut text = HASHED.to_owned();
        for byte in self.hash.of_email(address) {
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

/// The hash that [`Redactor`] wrote in the place of an address; none for anything else.
pub fn hash_of(text: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix(HASHED)?;
    let number = (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok())??;
    Some(number.to_be_bytes())
}
