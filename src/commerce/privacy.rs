//! One customer's rows: who they are by the keyed hash, a copy of what is kept of them, and cutting them off. The orders stay and so
//! does every sum; a customer without a name, whom nothing leads to, stands where they stood, so that counts of customers stay too.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::json;

use super::change_log::{self, Kind};
use super::customers::{Identity, Key};
use super::rows::CustomerRef;
use super::visits;
use crate::error::Result;
use crate::money::{Currency, format_micros};
use crate::secrets::{Purpose, TenantKey};

/// Connectors that land orders: a source's own id counts within one of them.
const CONNECTORS: [&str; 2] = ["shopify", "file"];

/// The keyed hash that a customer is known by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CustomerKey(pub(crate) Key);

/// What a customer is named by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// Their e-mail address.
    Email,
    /// The id that a source knows them by.
    CustomerId,
}

impl NamedBy {
    /// The name in the store and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::CustomerId => "customer_id",
        }
    }

    /// What has that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Email, Self::CustomerId].into_iter().find(|by| by.name() == name)
    }
}

/// Knows customers of one tenant by their hashes.
pub struct Finder(Identity);

impl Finder {
    /// With the tenant's key.
    pub fn new(key: &TenantKey) -> Self {
        Self(Identity::new(&key.derive(Purpose::CustomerIdentity)))
    }

    /// The hashes that a customer may be known by: an address has one, an id one for each connector.
    pub fn keys(&self, by: NamedBy, text: &str) -> Vec<CustomerKey> {
        match by {
            NamedBy::Email => vec![CustomerKey(self.0.key(&CustomerRef::Email(text.to_owned()), ""))],
            NamedBy::CustomerId => {
                let id = CustomerRef::SourceId(text.to_owned());
                CONNECTORS.iter().map(|connector| CustomerKey(self.0.key(&id, connector))).collect()
            }
        }
    }

    /// Whether a line of a file names one of these customers: an address anywhere in it, an id as a cell of its own.
    pub fn is_in(&self, line: &str, wanted: &HashSet<(NamedBy, CustomerKey)>) -> bool {
        let is_wanted = |by: NamedBy, text: &str| self.keys(by, text).iter().any(|key| wanted.contains(&(by, *key)));
        let by_id = wanted.iter().any(|(by, _)| *by == NamedBy::CustomerId);
        addresses(line).any(|address| is_wanted(NamedBy::Email, address))
            || by_id && cells(line).any(|cell| is_wanted(NamedBy::CustomerId, cell))
    }
}

/// What may be an e-mail address in a text. In the name of a file its ending is none of it.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || c.is_control() || ",;:\"<>()[]{}|\\/=&?#`".contains(c);
    let bare = |word| {
        let mut word = str::trim_matches(word, ['.', '\'', '!']);
        while let Some(name) = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)) {
            word = name;
        }
        word
    };
    text.split(between).map(bare).filter(|word| word.contains('@'))
}

const ENDINGS: [&str; 6] = [".csv", ".CSV", ".tsv", ".txt", ".gz", ".zip"];

fn cells(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\t', '|']).map(|cell| cell.trim().trim_matches('"').trim()).filter(|cell| !cell.is_empty())
}

/// How many rows lost their customer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Rows of customers that are gone.
    pub customers: i64,
    /// Orders without their customer, name and city.
    pub orders: i64,
    /// Refunds without their customer.
    pub refunds: i64,
    /// Browsers that lead to nobody any more.
    pub visitors: i64,
}

/// A customer nobody knows, to stand where an erased one stood.
pub(super) fn new_stand_in(tx: &Transaction, brand_id: i64) -> Result<i64> {
    tx.prepare_cached("insert into customers (brand_id, key) values (?, randomblob(16))")?.execute([brand_id])?;
    Ok(tx.last_insert_rowid())
}

/// Until when a customer's orders and refunds reach, milliseconds of unix time; nothing where they have none.
///
/// # Errors
/// Whatever SQLite says.
pub fn reaches(conn: &Connection, brand_id: i64, key: &CustomerKey) -> Result<Option<i64>> {
    let Some(customer) = customer(conn, brand_id, key)? else { return Ok(None) };
    let sql = "select max(at) from (select max(placed_at) as at from orders where brand_id = ?1 and customer_id = ?2
               union all select max(refunded_at) from refunds where brand_id = ?1 and customer_id = ?2)";
    let last: Option<i64> = conn.query_row(sql, [brand_id, customer], |row| row.get(0))?;
    Ok(last.map(|secs| secs.saturating_mul(1000).saturating_add(999)))
}

/// Notes that what a customer did up to `until_ms` stays without them, and cuts them off it. What they did later stays theirs.
/// Doing it again changes nothing.
///
/// # Errors
/// Whatever SQLite says.
pub fn cut_off(
    tx: &Transaction,
    brand_id: i64,
    (by, key): (NamedBy, &CustomerKey),
    until_ms: i64,
    rev: i64,
) -> Result<Cut> {
    tx.prepare_cached(
        "insert into erased_customers (brand_id, key, kind, until_ms) values (?, ?, ?, ?)
         on conflict do update set until_ms = max(until_ms, excluded.until_ms)",
    )?
    .execute(params![brand_id, key.0, by.name(), until_ms])?;
    let Some(customer) = customer(tx, brand_id, key)? else { return Ok(Cut::default()) };
    let (stand_in, until) = (new_stand_in(tx, brand_id)?, until_ms.div_euclid(1000));
    let count = |sql: &str| -> Result<i64> {
        let changed = tx.prepare(sql)?.execute(params![brand_id, customer, until, stand_in, rev])?;
        Ok(i64::try_from(changed).unwrap_or(i64::MAX))
    };
    // The digests were made of the hash, too: with random ones the rows land anew, without them, when a file brings them again.
    let orders = count(
        "update orders set customer_id = ?4, name = null, city = null, digest = randomblob(16), rev = ?5
         where brand_id = ?1 and customer_id = ?2 and placed_at <= ?3",
    )?;
    let refunds = count(
        "update refunds set customer_id = ?4, digest = randomblob(16), rev = ?5
         where brand_id = ?1 and customer_id = ?2 and (refunded_at <= ?3
         or order_id in (select id from orders where brand_id = ?1 and customer_id = ?4))",
    )?;
    let visitors = match orders + refunds {
        0 => {
            tx.execute("delete from customers where id = ?", [stand_in])?;
            0
        }
        _ => visits::privacy::cut_off(tx, brand_id, (customer, stand_in), rev)?,
    };
    let gone = tx.execute(
        "delete from customers where id = ?1 and not exists (select 1 from orders where brand_id = ?2 and customer_id = ?1)
         and not exists (select 1 from refunds where brand_id = ?2 and customer_id = ?1)",
        [customer, brand_id],
    )?;
    Ok(Cut { customers: i64::try_from(gone).unwrap_or(0), orders, refunds, visitors })
}

/// The number that rows of a cut get, and [`end_cut`] enters in the change log.
///
/// # Errors
/// Whatever SQLite says.
pub fn begin_cut(tx: &Transaction) -> Result<i64> {
    change_log::next_seq(tx)
}

/// Tells readers of the change log that customers of a brand were erased: figures are read again, and whoever lands rows at the
/// moment learns of it.
///
/// # Errors
/// Whatever SQLite says.
pub fn end_cut(tx: &Transaction, seq: i64, brand_id: i64, cut: &Cut, now: Timestamp) -> Result<()> {
    let detail = json!({ "erased": { "orders": cut.orders, "refunds": cut.refunds, "visitors": cut.visitors } });
    change_log::write(tx, seq, Some(brand_id), now.as_millisecond(), Kind::Rows, &detail).map(drop)
}

/// Who was erased of a tenant, until when: the row id of the brand, what they were named by, the hash, milliseconds of unix time.
///
/// # Errors
/// Whatever SQLite says.
pub fn erased(conn: &Connection) -> Result<Vec<(i64, NamedBy, CustomerKey, i64)>> {
    let mut all = conn.prepare("select brand_id, kind, key, until_ms from erased_customers order by brand_id, key")?;
    let mut rows = all.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let by = NamedBy::parse(row.get_ref(1)?.as_str().unwrap_or_default()).unwrap_or(NamedBy::Email);
        found.push((row.get(0)?, by, CustomerKey(row.get(2)?), row.get(3)?));
    }
    Ok(found)
}

pub(super) fn customer(conn: &Connection, brand_id: i64, key: &CustomerKey) -> Result<Option<i64>> {
    let mut find = conn.prepare_cached("select id from customers where brand_id = ? and key = ?")?;
    Ok(find.query_row(params![brand_id, key.0], |row| row.get(0)).optional()?)
}

/// An order of a customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerOrder {
    /// The source's own id.
    id: String,
    /// The source that the id is of.
    connector: String,
    name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    /// ISO 4217, of every amount of the order.
    currency: String,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    device: Option<String>,
    /// Codes as the source has them.
    discount_codes: Vec<String>,
    /// Decimal text, after its discount.
    shipping: String,
    /// Decimal text.
    tax: String,
    lines: Vec<CustomerLine>,
}

/// A line of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerLine {
    product: String,
    sku: Option<String>,
    quantity: i64,
    /// Decimal text, of one unit.
    price: String,
    /// Decimal text, of the line.
    discount: String,
}

/// A refund of a customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerRefund {
    /// The source's own id.
    id: String,
    /// The order's id, as the source names it.
    order: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    refunded_at: Timestamp,
    /// ISO 4217.
    currency: String,
    reason: Option<String>,
    /// Decimal text: goods without tax and shipping.
    goods: String,
}

/// The orders of the customer with this hash, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn orders(conn: &Connection, brand_id: i64, key: &CustomerKey) -> Result<Vec<CustomerOrder>> {
    let Some(customer) = customer(conn, brand_id, key)? else { return Ok(Vec::new()) };
    let mut of_order = conn.prepare(
        "select p.title, v.sku, l.quantity, l.price_micros, l.discount_micros from order_lines l
         join variants v on v.id = l.variant_id join products p on p.id = v.product_id where l.order_id = ? order by l.line_no",
    )?;
    let mut all = conn.prepare(
        "select id, external_id, connector, name, placed_at, currency, country, region, city, device, discount_codes,
         shipping_micros - shipping_discount_micros, tax_micros
         from orders where brand_id = ? and customer_id = ? order by placed_at, id",
    )?;
    let mut rows = all.query([brand_id, customer])?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        let currency: String = row.get(5)?;
        let line = |line: &Row| {
            Ok(CustomerLine {
                product: line.get(0)?,
                sku: line.get(1)?,
                quantity: line.get(2)?,
                price: amount(line.get(3)?, &currency),
                discount: amount(line.get(4)?, &currency),
            })
        };
        let lines = of_order.query_map([row.get::<_, i64>(0)?], line)?.collect::<rusqlite::Result<_>>()?;
        let codes: Option<String> = row.get(10)?;
        orders.push(CustomerOrder {
            id: row.get(1)?,
            connector: row.get(2)?,
            name: row.get(3)?,
            placed_at: instant(row.get(4)?),
            country: row.get(6)?,
            region: row.get(7)?,
            city: row.get(8)?,
            device: row.get(9)?,
            discount_codes: codes.and_then(|codes| serde_json::from_str(&codes).ok()).unwrap_or_default(),
            shipping: amount(row.get(11)?, &currency),
            tax: amount(row.get(12)?, &currency),
            currency,
            lines,
        });
    }
    Ok(orders)
}

/// The refunds of the customer with this hash, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn refunds(conn: &Connection, brand_id: i64, key: &CustomerKey) -> Result<Vec<CustomerRefund>> {
    let Some(customer) = customer(conn, brand_id, key)? else { return Ok(Vec::new()) };
    let mut all = conn.prepare(
        "select r.external_id, r.order_ref, r.refunded_at, r.currency, r.reason,
         (select coalesce(sum(l.goods_micros), 0) from refund_lines l where l.refund_id = r.id)
         from refunds r where r.brand_id = ? and r.customer_id = ? order by r.refunded_at, r.id",
    )?;
    let refund = |row: &Row| {
        let currency: String = row.get(3)?;
        Ok(CustomerRefund {
            id: row.get(0)?,
            order: row.get(1)?,
            refunded_at: instant(row.get(2)?),
            reason: row.get(4)?,
            goods: amount(row.get(5)?, &currency),
            currency,
        })
    };
    Ok(all.query_map([brand_id, customer], refund)?.collect::<rusqlite::Result<_>>()?)
}

fn instant(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}

fn amount(micros: i64, currency: &str) -> String {
    format_micros(micros.into(), Currency::parse(currency).map_or(2, Currency::decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_customer_wherever_their_address_stands_and_by_an_id_that_is_a_cell() {
        let finder = Finder::new(&TenantKey::from_bytes(&[7; 32]).unwrap());
        let of = |by, text| finder.keys(by, text).into_iter().map(move |key| (by, key));
        let ann: HashSet<_> = of(NamedBy::Email, "ann@shop.example").collect();
        for line in [
            "#9,ann@shop.example,never",
            "note;\"write to <Ann@Shop.Example>, please.\"",
            "mailto:ANN@shop.example.",
            "'ann@shop.example'",
            "orders of Ann@shop.example.csv.gz",
            "https://shop.example/?email=ann@shop.example&page=2",
        ] {
            assert!(finder.is_in(line, &ann), "{line}");
        }
        assert!(!finder.is_in("#9,joann@shop.example,ann@shop.example.org,17850", &ann));
        let by_id: HashSet<_> = of(NamedBy::CustomerId, "17850").collect();
        assert!(finder.is_in("536365;\" 17850 \";x", &by_id) && finder.is_in("a,17850", &by_id));
        assert!(!finder.is_in("a,178501,x17850,ann@shop.example", &by_id));
    }
}
