//! Which model, and what it is asked: everything that credits depend on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::journeys::Lookback;
use super::models::Rule;

/// Which touch of a journey gets the credit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributionModel {
    FirstTouch,
    #[default]
    LastTouch,
    LastNonDirect,
    Linear,
    PositionBased,
    TimeDecay,
    Markov,
    Shapley,
}

impl AttributionModel {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 8] = [
        Self::FirstTouch,
        Self::LastTouch,
        Self::LastNonDirect,
        Self::Linear,
        Self::PositionBased,
        Self::TimeDecay,
        Self::Markov,
        Self::Shapley,
    ];

    /// As it is written in a query.
    pub fn id(self) -> &'static str {
        match self {
            Self::FirstTouch => "first_touch",
            Self::LastTouch => "last_touch",
            Self::LastNonDirect => "last_non_direct",
            Self::Linear => "linear",
            Self::PositionBased => "position_based",
            Self::TimeDecay => "time_decay",
            Self::Markov => "markov",
            Self::Shapley => "shapley",
        }
    }

    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstTouch => "first touch",
            Self::LastTouch => "last touch",
            Self::LastNonDirect => "last non-direct touch",
            Self::Linear => "linear",
            Self::PositionBased => "position-based",
            Self::TimeDecay => "time decay",
            Self::Markov => "Markov",
            Self::Shapley => "Shapley",
        }
    }

    /// Reads what `id` writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.id() == text)
    }

    /// Is fitted to all journeys of a window, rather than to one at a time.
    pub fn is_fitted(self) -> bool {
        matches!(self, Self::Markov | Self::Shapley)
    }
}

/// What models can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tuning {
    pub lookback: Lookback,
    /// Of time decay.
    pub half_life_days: u16,
    /// Of the position model: first, middle and last, in percent.
    pub position: [u8; 3],
    /// Of Markov, 1 to 3.
    pub order: u8,
}

impl Default for Tuning {
    /// 28 days, 7 days, 40/20/40, order 1.
    fn default() -> Self {
        Self { lookback: Lookback::Days(28), half_life_days: 7, position: [40, 20, 40], order: 1 }
    }
}

/// The rows that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// The first local day, in days since 1970-01-01.
    pub first: i32,
    /// The day after the last.
    pub after: i32,
    /// Unix seconds: from when, where the first day is cut.
    pub since: Option<i64>,
    /// Unix seconds: until when, where the last day is cut.
    pub until: Option<i64>,
}

impl Window {
    /// Whether something of this day and instant lies in it.
    pub fn holds(&self, day: i32, at: i64) -> bool {
        (self.first..self.after).contains(&day)
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
    }
}

/// One question: the credits of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spec {
    pub brand_id: i64,
    pub model: AttributionModel,
    pub tuning: Tuning,
    pub window: Window,
    /// Sales count on the day of the touch.
    pub by_touch: bool,
    /// Refunds count on the day of their order.
    pub refunds_by_order: bool,
    /// Touches without credit are wanted too.
    pub every_touch: bool,
    /// The brand's today: journeys are over once the lookback has passed before it.
    pub today: i32,
}

impl Spec {
    /// Without what makes no difference to the model, so that equal answers are found.
    pub fn reduced(mut self) -> Self {
        let usual = Tuning::default();
        let (model, tuning) = (self.model, &mut self.tuning);
        if model != AttributionModel::TimeDecay {
            tuning.half_life_days = usual.half_life_days;
        }
        if model != AttributionModel::PositionBased {
            tuning.position = usual.position;
        }
        if model != AttributionModel::Markov {
            tuning.order = usual.order;
        }
        if model.is_fitted() {
            self.every_touch = true;
        } else {
            // Shares of an order do not depend on when one looks, nor on what else there is.
            (self.window.since, self.window.until, self.today, self.refunds_by_order) = (None, None, 0, false);
        }
        self
    }

    /// The rule of a model that looks at one journey at a time; `direct` is the number of that channel.
    pub fn rule(&self, direct: Option<u32>) -> Rule {
        let [first, middle, last] = self.tuning.position.map(f64::from);
        match self.model {
            AttributionModel::FirstTouch => Rule::First,
            AttributionModel::LastTouch => Rule::Last,
            AttributionModel::LastNonDirect => Rule::LastNonDirect { direct },
            AttributionModel::PositionBased => Rule::Position { first, middle, last },
            AttributionModel::TimeDecay => {
                Rule::TimeDecay { half_life_hours: f64::from(self.tuning.half_life_days) * 24.0 }
            }
            // What fitted models give a channel is spread below it by linear shares.
            AttributionModel::Linear | AttributionModel::Markov | AttributionModel::Shapley => Rule::Linear,
        }
    }
}
