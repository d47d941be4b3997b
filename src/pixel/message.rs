//! What a page sends: read strictly, cleaned, and put on our own clock.

use serde::Deserialize;

use crate::commerce::visits::{Hit, Kind};
use crate::commerce::{Arrival, CustomerHash};
use crate::error::{Error, Result};

/// Bytes of a message.
pub const MOST_BYTES: usize = 32 * 1024;
/// Things that it may tell.
const MOST_EVENTS: usize = 50;
/// What a page tells late counts on its day for so long; a shop's own server may take longer.
const PAGE_LATE_MS: i64 = 24 * 3_600_000;
const SERVER_LATE_MS: i64 = 7 * 24 * 3_600_000;

/// A message.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PixelMessage)]
pub struct Message {
    /// The browser's random id within this shop: 16 to 64 letters, digits, `-` or `_`.
    v: String,
    /// When it was sent by the sender's own clock: milliseconds of unix time. What differs from ours is taken off every event.
    s: Option<i64>,
    /// What happened, at most 50.
    e: Vec<Event>,
}

/// Something that happened.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PixelEvent)]
pub struct Event {
    /// Random, up to 64 characters: told twice, it counts once.
    i: String,
    /// `page`, `product`, `add_to_cart`, `checkout` or `purchase`.
    #[schema(value_type = String)]
    k: Kind,
    /// When, by the sender's clock: milliseconds of unix time.
    t: i64,
    /// Address of the page.
    #[serde(default)]
    u: Option<String>,
    /// Address of the page before, or its origin.
    #[serde(default)]
    r: Option<String>,
    /// Of a purchase: the order's number at the shop.
    #[serde(default)]
    o: Option<String>,
    /// Of a purchase: the order's name at the shop, like `#1001`.
    #[serde(default)]
    n: Option<String>,
}

/// What is known of the sender.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// A shop's own server, by its secret.
    pub is_server: bool,
    pub device: Option<&'static str>,
}

/// A hit and what tells it from one that was told before.
pub struct Told {
    pub hit: Hit,
    pub id: u64,
}

impl Message {
    /// Its hits, on our clock: what lies in the future is now, what is too old is passed over.
    ///
    /// # Errors
    /// `Invalid` with the field at fault.
    pub fn hits(self, hash: &CustomerHash, brand_id: i64, sender: Sender, now_ms: i64) -> Result<Vec<Told>> {
        let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !(16..=64).contains(&self.v.len()) || !is_plain(&self.v) {
            return Err(Error::invalid("v", "A visitor's id has 16 to 64 letters, digits, dashes or underscores."));
        }
        if self.e.len() > MOST_EVENTS {
            return Err(Error::invalid("e", format!("A message tells at most {MOST_EVENTS} events.")));
        }
        let visitor = hash.of_visitor(brand_id, &self.v);
        let ahead = self.s.map_or(0, |sent| sent.saturating_sub(now_ms));
        let oldest = now_ms - if sender.is_server { SERVER_LATE_MS } else { PAGE_LATE_MS };
        let mut all = Vec::with_capacity(self.e.len());
        for (at, event) in self.e.into_iter().enumerate() {
            if event.i.is_empty() || event.i.len() > 64 {
                return Err(Error::invalid(format!("e[{at}].i"), "An event's id has 1 to 64 characters."));
            }
            let at_ms = event.t.saturating_sub(ahead).min(now_ms);
            if at_ms < oldest {
                continue;
            }
            let id = fingerprint(&visitor, &event.i);
            let order = order(&event);
            let arrival =
                event.u.as_deref().map_or_else(Arrival::default, |page| Arrival::of(page, event.r.as_deref()));
            all.push(Told { hit: Hit { visitor, at_ms, kind: event.k, device: sender.device, arrival, order }, id });
        }
        Ok(all)
    }
}

/// The order that a purchase names: by its number, else by its name.
fn order(event: &Event) -> Option<String> {
    if event.k != Kind::Purchase {
        return None;
    }
    // A GraphQL id ends with the number.
    let id = event.o.as_deref().and_then(|id| id.rsplit('/').next()).map(str::trim).filter(|id| is_reference(id));
    let name = event.n.as_deref().map(str::trim).filter(|name| is_reference(name));
    id.map(|id| format!("id:{id}")).or_else(|| name.map(|name| format!("name:{name}")))
}

fn is_reference(text: &str) -> bool {
    (1..=100).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn fingerprint(visitor: &[u8; 16], id: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (visitor, id).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;
    const PAGE: Sender = Sender { is_server: false, device: None };

    fn read(text: &str, sender: Sender) -> Result<Vec<Told>> {
        let message: Message = crate::http::parse_json(text.as_bytes())?;
        message.hits(&CustomerHash::new(&[7; 32]), 1, sender, NOW)
    }

    fn event(t: i64, rest: &str) -> String {
        format!(r#"{{"v":"0123456789abcdef","e":[{{"i":"a","k":"page","t":{t}{rest}}}]}}"#)
    }

    #[test]
    fn clocks_that_differ_are_put_right_and_the_future_is_now() {
        let at = |text: &str| read(text, PAGE).unwrap().first().map(|told| told.hit.at_ms);
        assert_eq!(at(&event(NOW - 5_000, "")), Some(NOW - 5_000));
        assert_eq!(at(&event(NOW + 999_999_999, "")), Some(NOW), "nothing lies in the future");
        assert_eq!(at(&event(NOW - PAGE_LATE_MS - 1, "")), None, "too old");
        assert_eq!(at(&event(i64::MIN, "")), None);
        assert_eq!(at(&event(i64::MAX, "")), Some(NOW));
        let skewed = format!(
            r#"{{"v":"0123456789abcdef","s":{},"e":[{{"i":"a","k":"page","t":{}}}]}}"#,
            NOW + 7_200_000,
            NOW + 7_190_000
        );
        assert_eq!(at(&skewed), Some(NOW - 10_000), "a clock that is two hours ahead");
        let server = Sender { is_server: true, ..PAGE };
        assert_eq!(read(&event(NOW - 3 * PAGE_LATE_MS, ""), server).unwrap().len(), 1, "a server may be late");
    }

    #[test]
    fn only_a_purchase_names_an_order_and_the_number_goes_first() {
        let named = |kind: &str, rest: &str| {
            let text = format!(r#"{{"v":"0123456789abcdef","e":[{{"i":"a","k":"{kind}","t":{NOW}{rest}}}]}}"#);
            read(&text, PAGE).unwrap()[0].hit.order.clone()
        };
        assert_eq!(named("purchase", r##","o":"gid://shopify/Order/55","n":"#1001""##).as_deref(), Some("id:55"));
        assert_eq!(named("purchase", r##","n":" #1001 ""##).as_deref(), Some("name:#1001"));
        assert_eq!(named("page", r##","n":"#1001""##), None);
        assert_eq!(named("purchase", &format!(r#","o":"{}""#, "9".repeat(101))), None);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for wrong in [
            r#"{"v":"short","e":[]}"#,
            r#"{"v":"0123456789abcde!","e":[]}"#,
            r#"{"v":"0123456789abcdef","e":[{"i":"","k":"page","t":1}]}"#,
            r#"{"v":"0123456789abcdef","e":[{"i":"a","k":"rm -rf","t":1}]}"#,
            r#"{"v":"0123456789abcdef","e":[],"x":1}"#,
            "[]",
        ] {
            assert!(read(wrong, PAGE).is_err(), "{wrong}");
        }
        let many: Vec<String> = (0..=MOST_EVENTS).map(|i| format!(r#"{{"i":"{i}","k":"page","t":{NOW}}}"#)).collect();
        assert!(read(&format!(r#"{{"v":"0123456789abcdef","e":[{}]}}"#, many.join(",")), PAGE).is_err());
    }
}
