//! What is true of each table that measures are read from, whatever is read.

use super::facts::Source;

impl Source {
    /// Sums of whole days: cannot be cut within a day.
    pub fn is_rollup(self) -> bool {
        matches!(self, Self::DailySales | Self::DailyProducts | Self::DailyAds | Self::DailyCosts)
    }

    /// With the credits of touches.
    pub fn is_credited(self) -> bool {
        self.base() != self
    }

    /// The table itself, without the credits of touches.
    pub fn base(self) -> Self {
        match self {
            Self::Credits => Self::Orders,
            Self::CreditLines => Self::Lines,
            Self::CreditRefunds => Self::Refunds,
            other => other,
        }
    }

    /// Rows know their instant.
    pub fn has_instants(self) -> bool {
        self.has_orders() || self == Self::Sessions
    }

    /// Rows know their order.
    pub fn has_orders(self) -> bool {
        matches!(self.base(), Self::Orders | Self::Lines | Self::Refunds) || self.is_of_customers()
    }

    /// The state at the end of a window, rather than a sum over it.
    pub fn is_snapshot(self) -> bool {
        matches!(self, Self::StockLevels | Self::StockRates) || self.is_of_customers()
    }

    /// One row a customer, or one a customer and age: the first order stands for the customer.
    pub fn is_of_customers(self) -> bool {
        matches!(self, Self::Cohorts | Self::CohortAges)
    }

    /// Stands for the table in SQL.
    pub fn alias(self) -> &'static str {
        match self {
            Self::DailySales | Self::DailyProducts => "d",
            Self::Orders | Self::Credits => "o",
            Self::Lines | Self::CreditLines => "l",
            Self::Refunds | Self::CreditRefunds => "r",
            Self::DailyAds | Self::Ads => "a",
            Self::DailyCosts => "x",
            Self::StockLevels | Self::StockRates => "st",
            Self::Cohorts | Self::CohortAges => "c",
            Self::Sessions => "se",
        }
    }
}
