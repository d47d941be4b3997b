//! The JSON of models side by side, and of journeys.

use serde::Serialize;
use utoipa::ToSchema;

use crate::attribution::AttributionModel;
use crate::metrics::answer::{Freshness, WindowShown};
use crate::metrics::dashboard::shape::BrandShown;
use crate::metrics::notes::Note;
use crate::metrics::written::Decimal;

/// What models give each channel, beside what the platforms claim. Decimals are text.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Attribution {
    pub brand: BrandShown,
    pub window: WindowShown,
    /// In the order of `by_model`.
    pub models: Vec<AttributionModel>,
    /// Days before an order in which a touch counts; null where it counts however long before.
    pub window_days: Option<u16>,
    /// Those to which the first model gives most first; what no touch explains, `unattributed`, last.
    pub channels: Vec<ChannelByModel>,
    /// Everything: of every model the net sales and orders of the window.
    pub total: ChannelFigures,
    pub notes: Vec<Note>,
    pub freshness: Freshness,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChannelByModel {
    pub channel: String,
    #[serde(flatten)]
    pub figures: ChannelFigures,
}

/// What is known of a channel, or of all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChannelFigures {
    #[schema(value_type = Decimal)]
    pub ad_spend: String,
    /// The platform's own claim.
    #[schema(value_type = Decimal)]
    pub platform_conversions: String,
    /// The platform's own claim.
    #[schema(value_type = Decimal)]
    pub platform_reported_revenue: String,
    /// The platform's own claim; null where nothing was spent.
    #[schema(value_type = Option<Decimal>)]
    pub platform_roas: Option<String>,
    /// In the order of `models`.
    pub by_model: Vec<Given>,
}

/// What a model gives.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Given {
    pub model: AttributionModel,
    /// Orders, with six decimals.
    #[schema(value_type = Decimal)]
    pub orders: String,
    /// Net sales.
    #[schema(value_type = Decimal)]
    pub revenue: String,
    /// With intervals: nine of ten draws of the journeys give between this and `revenue_high`; null for all channels together and
    /// for what no touch explains, which is not drawn.
    #[schema(value_type = Option<Decimal>)]
    pub revenue_low: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub revenue_high: Option<String>,
    /// Revenue ÷ ad spend; null where nothing was spent.
    #[schema(value_type = Option<Decimal>)]
    pub roas: Option<String>,
}

/// The ways that led to the orders of a window.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Journeys {
    pub brand: BrandShown,
    pub window: WindowShown,
    /// Days before an order in which a touch counts; null where it counts however long before.
    pub window_days: Option<u16>,
    /// Those of most orders first.
    pub paths: Vec<PathRow>,
    /// There are more.
    pub truncated: bool,
    /// Orders by the number of their touches.
    pub touches: Vec<Bar>,
    /// Orders by the whole days from their first touch.
    pub days_to_convert: Vec<Bar>,
    /// Orders with a touch.
    pub orders: u64,
    /// Orders without one.
    pub unattributed: u64,
    pub freshness: Freshness,
}

/// Orders whose touches came in through the same channels.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PathRow {
    /// One after the other, oldest first, equal neighbours once; the last 20.
    pub channels: Vec<String>,
    pub orders: u64,
    /// Gross sales − discounts of these orders.
    #[schema(value_type = Decimal)]
    pub sales: String,
    /// Mean touches an order.
    #[schema(value_type = Decimal)]
    pub touches: String,
    /// Mean days from the first touch to the order.
    #[schema(value_type = Decimal)]
    pub days: String,
}

/// A bar of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Bar {
    pub at: i64,
    pub orders: u64,
}
