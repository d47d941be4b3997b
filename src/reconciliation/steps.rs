//! The steps from a shop's total to our net sales in the shop's currency. Each makes one difference of the two definitions go away,
//! and asks for the orders that carry it.

use anyhow::Context as _;
use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};

use super::items::{self, IN_OURS, IN_THEIRS, Scope};
use super::{Definition, Refunds, Report};
use crate::error::Result;

/// One difference between a shop's total and ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepId {
    /// The report's days begin at another hour than ours.
    Zone,
    TestOrders,
    Cancelled,
    Taxes,
    Shipping,
    Tips,
    Duties,
    GiftCards,
    Discounts,
    /// Refunds are not counted, or on another day.
    RefundDate,
}

impl StepId {
    /// In the order in which they are walked.
    pub const ALL: [Self; 10] = [
        Self::Zone,
        Self::TestOrders,
        Self::Cancelled,
        Self::Taxes,
        Self::Shipping,
        Self::Tips,
        Self::Duties,
        Self::GiftCards,
        Self::Discounts,
        Self::RefundDate,
    ];
}

/// What a step takes or gives, in micros of the shop's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub id: StepId,
    pub amount: i64,
    /// Orders (and refunds of unknown orders) behind it.
    pub orders: i64,
}

/// An order behind a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    pub order: Option<String>,
    pub external_id: Option<String>,
    /// Of a refund whose order is not known, its own id.
    pub refund: Option<String>,
    pub placed_at: Option<i64>,
    pub amount: i64,
}

/// A step as SQL: rows, which of them, and what each gives.
struct Question {
    rows: String,
    picked: String,
    amount: String,
}

/// The question of a step; nothing where the definitions do not differ in it.
fn question(id: StepId, from: &Definition, scope: &Scope) -> Option<Question> {
    let ours = Report::NetSales.definition();
    // What earlier steps have made equal is equal from here on.
    let real = Definition { test_orders: false, ..*from };
    let all = Definition { cancelled: true, ..real };
    let part = |differs: bool, column: &str| {
        differs.then(|| Question {
            rows: items::all(&all),
            picked: format!("{IN_OURS} and {}", items::counted(&all)),
            amount: format!("-({column})"),
        })
    };
    match id {
        StepId::Zone => (scope.ours != scope.theirs).then(|| Question {
            rows: items::all(from),
            picked: format!("{IN_OURS} <> {IN_THEIRS} and {}", items::counted(from)),
            amount: format!("({IN_OURS} - {IN_THEIRS}) * ({})", items::worth(from)),
        }),
        StepId::TestOrders => from.test_orders.then(|| Question {
            rows: items::all(from),
            picked: format!("{IN_OURS} and test = 1 and {}", items::counted(from)),
            amount: format!("-({})", items::worth(from)),
        }),
        StepId::Cancelled => (!from.cancelled).then(|| Question {
            rows: items::all(&real),
            picked: format!("{IN_OURS} and test = 0 and cancelled = 1"),
            amount: items::worth(&real),
        }),
        StepId::Taxes => part(from.taxes, "taxes"),
        StepId::Shipping => part(from.shipping, "shipping"),
        StepId::Tips => part(from.tips, "tips"),
        StepId::Duties => part(from.duties, "duties"),
        StepId::GiftCards => part(from.gift_cards, "gift_cards"),
        StepId::Discounts => part(!from.discounts, "discounts"),
        StepId::RefundDate => (from.refunds != Refunds::RefundDate).then(|| {
            let gone =
                items::refunds(from.refunds).map(|rows| format!("select *, -1 as sign from ({rows}) union all "));
            let come = items::refunds(Refunds::RefundDate).unwrap_or_default();
            Question {
                rows: format!("{}select *, 1 as sign from ({come})", gone.unwrap_or_default()),
                picked: format!("{IN_OURS} and {}", items::counted(&ours)),
                amount: "sign * sales".to_owned(),
            }
        }),
    }
}

impl Question {
    /// One row an order: its key, ids and what it gives in all.
    fn by_order(&self) -> String {
        format!(
            "select key, max(order_id) as order_id, min(refund) as refund, sum({}) as amount from ({}) where {} \
             group by key having sum({0}) <> 0",
            self.amount, self.rows, self.picked
        )
    }
}

/// The steps where two definitions differ, with what they come to.
pub fn steps(conn: &Connection, from: &Definition, scope: &Scope) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for id in StepId::ALL {
        let Some(question) = question(id, from, scope) else { continue };
        let sql = format!("select coalesce(sum(amount), 0), count(*) from ({})", question.by_order());
        let (amount, orders) = conn
            .prepare_cached(&sql)?
            .query_row(params_from_iter(scope.params()), |row| Ok((row.get(0)?, row.get(1)?)))
            .context("adding up a step")?;
        steps.push(Step { id, amount, orders });
    }
    Ok(steps)
}

/// The orders behind a step, the largest first.
pub fn behind(
    conn: &Connection,
    id: StepId,
    (from, scope): (&Definition, &Scope),
    (offset, limit): (i64, i64),
) -> Result<Vec<Behind>> {
    let Some(question) = question(id, from, scope) else { return Ok(Vec::new()) };
    let sql = format!(
        "select o.name, o.external_id, q.refund, o.placed_at, q.amount from ({}) q left join orders o on o.id = q.order_id \
         order by abs(q.amount) desc, q.key limit {limit} offset {offset}",
        question.by_order()
    );
    let mut all = conn.prepare(&sql)?;
    let rows = all.query_map(params_from_iter(scope.params()), |row| {
        let external_id: Option<String> = row.get(1)?;
        Ok(Behind {
            order: row.get(0)?,
            refund: if external_id.is_none() { row.get(2)? } else { None },
            external_id,
            placed_at: row.get(3)?,
            amount: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What the source itself says the orders of our window came to, and how many of how many orders it says it of.
pub fn told_totals(conn: &Connection, scope: &Scope) -> Result<(i64, i64, i64)> {
    let sql = "select coalesce(sum(total_micros), 0), count(total_micros), count(*) from orders \
        where brand_id = ?1 and store_id = ?2 and currency = ?3 and placed_at >= ?4 and placed_at < ?5";
    let params = scope.params();
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params_from_iter(&params[..5]), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?)
}

/// Orders whose own total is not what its parts come to: where a difference that is left over may lie.
pub fn off(conn: &Connection, scope: &Scope, (offset, limit): (i64, i64)) -> Result<Vec<Behind>> {
    let definition = Report::OrderTotals.definition();
    let sql = format!(
        "select o.name, o.external_id, null, o.placed_at, o.total_micros - ({}) as amount from ({}) i join orders o \
         on o.id = i.order_id where {} and o.total_micros is not null and amount <> 0 \
         order by abs(amount) desc, o.id limit {limit} offset {offset}",
        items::worth(&definition),
        items::orders(),
        IN_OURS.replace("at ", "i.at "),
    );
    let mut all = conn.prepare(&sql)?;
    let rows = all.query_map(params_from_iter(scope.params()), |row| {
        Ok(Behind {
            order: row.get(0)?,
            external_id: row.get(1)?,
            refund: row.get(2)?,
            placed_at: row.get(3)?,
            amount: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
