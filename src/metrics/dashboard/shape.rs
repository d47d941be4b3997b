//! The JSON of the dashboard.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::metrics::answer::{Definition, Freshness};
use crate::metrics::catalogue::{GoodWhen, Unit};
use crate::metrics::notes::Note;
use crate::metrics::query::{AttributionModel, Grain};
use crate::metrics::written::{Decimal, Figure};

/// A brand's figures on one page. Decimals are text, counts are numbers, what cannot be known is null.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Dashboard {
    pub brand: BrandShown,
    pub window: BoardWindow,
    /// Nothing where nothing is compared.
    pub compare: Option<BoardCompare>,
    pub grain: Grain,
    /// The metric of the main chart.
    pub metric: String,
    pub model: AttributionModel,
    pub freshness: Freshness,
    /// The tiles, in their order.
    pub kpis: Vec<Kpi>,
    /// The main chart.
    pub series: Vec<Point>,
    /// Those that spent most first.
    pub channels: Vec<ChannelRow>,
    /// All channels together; nothing where a filter leaves ads out.
    pub channels_total: Option<AdFigures>,
    /// Whose claim the channels' conversions and revenue are.
    pub channels_note: String,
    /// Those that sold most, at most ten.
    pub products: Vec<ProductRow>,
    /// There are more products.
    pub products_truncated: bool,
    /// The SKUs that run out first, at most ten.
    pub inventory: Vec<StockRow>,
    /// There are more SKUs.
    pub inventory_truncated: bool,
    /// The day at whose end the stock was counted; nothing where no stock is known.
    pub inventory_as_of: Option<String>,
    pub customers: Customers,
    pub definitions: Vec<Definition>,
    pub notes: Vec<Note>,
}

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BrandShown {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub currency: String,
    pub timezone: String,
    /// 1 = Monday to 7 = Sunday.
    pub week_start: u8,
    pub demo: bool,
}

/// The window, half open. `from` and `to` are `start` and `end` again, as the address has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BoardWindow {
    pub range: String,
    pub start: String,
    pub end: String,
    pub from: String,
    pub to: String,
    pub timezone: String,
    /// Contains now.
    pub partial: bool,
    /// Until when it was read, where it contains now.
    pub partial_until: Option<String>,
}

/// The window compared with, half open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BoardCompare {
    pub to: String,
    pub r#match: String,
    pub start: String,
    pub end: String,
    /// Where its last day ends early, because the window's last day is not over.
    pub until: Option<String>,
}

/// A tile.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Kpi {
    pub id: String,
    pub label: String,
    pub unit: Unit,
    pub currency: Option<String>,
    pub formula: String,
    pub good_when: GoodWhen,
    #[schema(value_type = Figure)]
    pub value: Json,
    #[schema(value_type = Figure)]
    pub previous: Json,
    #[schema(value_type = Figure)]
    pub change: Json,
    /// A fraction; null where the previous figure is 0 or unknown.
    #[schema(value_type = Option<Decimal>)]
    pub change_pct: Option<String>,
    /// Null where nothing is compared.
    pub direction: Option<Direction>,
    pub tone: Tone,
    /// Contains now.
    pub partial: bool,
    pub series: Vec<KpiPoint>,
    pub notes: Vec<String>,
}

/// A point of a tile's line.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KpiPoint {
    pub t: String,
    #[schema(value_type = Figure)]
    pub value: Json,
    #[schema(value_type = Figure)]
    pub previous: Json,
}

/// Where a figure went; `flat` below half a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Up,
    Down,
    Flat,
}

/// Whether that is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Good,
    Bad,
    Neutral,
}

/// A point of the main chart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Point {
    pub t: String,
    /// The bucket it is compared with.
    pub previous_t: Option<String>,
    /// Not over.
    pub partial: bool,
    /// By metric: net_sales, ad_spend, mer_ratio, and the chosen one.
    #[schema(value_type = BTreeMap<String, Figure>)]
    pub values: Json,
    /// The chosen metric, and net_sales; nothing where nothing is compared.
    #[schema(value_type = Option<BTreeMap<String, Figure>>)]
    pub previous: Json,
}

/// Figures of a channel, a campaign, or all of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AdFigures {
    #[schema(value_type = Option<Decimal>)]
    pub ad_spend: Option<String>,
    pub impressions: i64,
    pub clicks: i64,
    #[schema(value_type = Option<Decimal>)]
    pub platform_conversions: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub platform_reported_revenue: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub platform_roas: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub cpc: Option<String>,
    /// Net sales credited by the model; null where the brand has no journeys.
    #[schema(value_type = Option<Decimal>)]
    pub attributed_revenue: Option<String>,
    /// Orders credited by the model, with six decimals.
    #[schema(value_type = Option<Decimal>)]
    pub attributed_orders: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub attributed_roas: Option<String>,
    /// Of all ad spend, as a fraction.
    #[schema(value_type = Option<Decimal>)]
    pub share: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub ad_spend_change_pct: Option<String>,
}

/// A channel with its campaigns.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChannelRow {
    pub channel: String,
    #[serde(flatten)]
    pub figures: AdFigures,
    /// Those that spent most.
    pub campaigns: Vec<CampaignRow>,
    /// There are more campaigns.
    pub campaigns_truncated: bool,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CampaignRow {
    pub campaign: String,
    #[serde(flatten)]
    pub figures: AdFigures,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProductRow {
    pub product: Option<String>,
    pub units_sold: i64,
    #[schema(value_type = Option<Decimal>)]
    pub net_sales: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub net_sales_change_pct: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub gross_margin: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub refund_rate: Option<String>,
}

/// A SKU, over all warehouses.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StockRow {
    pub product: Option<String>,
    pub sku: Option<String>,
    pub size: Option<String>,
    /// Always null: the row sums all of them.
    pub warehouse: Option<String>,
    pub inventory_on_hand: i64,
    #[schema(value_type = Option<Decimal>)]
    pub days_of_cover: Option<String>,
    pub projected_stockout_date: Option<String>,
    pub low_stock: bool,
    pub reorder_quantity: i64,
}

/// New and returning customers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Customers {
    pub new_customers: Option<i64>,
    pub returning_customers: Option<i64>,
    /// Net sales of first orders.
    #[schema(value_type = Option<Decimal>)]
    pub new_sales: Option<String>,
    /// Net sales of later orders.
    #[schema(value_type = Option<Decimal>)]
    pub returning_sales: Option<String>,
    pub series: Vec<CustomerPoint>,
}

/// The same of one bucket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CustomerPoint {
    pub t: String,
    pub partial: bool,
    pub new_customers: i64,
    pub returning_customers: i64,
    #[schema(value_type = Option<Decimal>)]
    pub new_sales: Option<String>,
    #[schema(value_type = Option<Decimal>)]
    pub returning_sales: Option<String>,
}
