//! From a shop's own total to ours, and on to what the platforms claim, step by step, each with the orders behind it. No step is what is left over: each is a question
//! of its own to the rows that landed, and what does not add up in the end is shown as such.

pub mod bridge;
pub mod claim_routes;
mod claims;
mod credited;
mod items;
mod presets;
pub mod routes;
mod sections;
mod statements;
mod steps;

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::brands::Brand;
use crate::error::Result;

pub use statements::StatementInput;

/// Enters the total of a shop's own report for a brand; returns its id.
///
/// # Errors
/// `Invalid` with the field at fault, `Conflict` beyond as many as a brand may have.
pub fn enter(tx: &Transaction<'_>, brand: &Brand, input: &StatementInput, at: Timestamp) -> Result<String> {
    Ok(statements::add(tx, brand.id, statements::Statement::parse(input, brand)?, at)?.uid)
}

/// What a total counts, as opposed to our net sales, which counts no test order, tax, shipping, tip, duty or gift card, takes discounts
/// off, and refunds on the day of the refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotalDefinition)]
pub struct Definition {
    /// Test orders are in it.
    pub test_orders: bool,
    /// Cancelled orders are in it.
    pub cancelled: bool,
    pub taxes: bool,
    /// What customers paid for shipping.
    pub shipping: bool,
    pub tips: bool,
    /// What customers paid for bringing the goods over a border. Totals from before it was told apart count none.
    #[serde(default)]
    pub duties: bool,
    /// Gift cards sold.
    pub gift_cards: bool,
    /// Discounts are taken off.
    pub discounts: bool,
    pub refunds: Refunds,
}

/// When a total takes refunds off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RefundsCounted)]
pub enum Refunds {
    /// Not at all.
    None,
    /// On the day of the refund.
    RefundDate,
    /// On the day of the order, whenever they came.
    OrderDate,
}

/// Where a total was read: each has a definition of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ShopReport)]
pub enum Report {
    /// The sum of the orders' own totals: the list of orders, or the column "Total" of their export.
    OrderTotals,
    /// "Gross sales" of the sales report.
    GrossSales,
    /// "Net sales" of the sales report.
    NetSales,
    /// "Total sales" of the sales report.
    TotalSales,
}

impl Report {
    /// What the report counts unless it is told otherwise.
    pub fn definition(self) -> Definition {
        let net = Definition {
            test_orders: false,
            cancelled: true,
            taxes: false,
            shipping: false,
            tips: false,
            duties: false,
            gift_cards: false,
            discounts: true,
            refunds: Refunds::RefundDate,
        };
        match self {
            Self::NetSales => net,
            Self::GrossSales => Definition { discounts: false, refunds: Refunds::None, ..net },
            Self::TotalSales => Definition { taxes: true, shipping: true, duties: true, ..net },
            Self::OrderTotals => Definition {
                test_orders: true,
                taxes: true,
                shipping: true,
                tips: true,
                duties: true,
                gift_cards: true,
                refunds: Refunds::None,
                ..net
            },
        }
    }
}
