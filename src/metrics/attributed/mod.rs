//! Attribution on pages of its own: models side by side, and the ways that led to orders.

mod compare;
pub mod routes;
mod shape;
mod ways;

pub use shape::{Attribution, Journeys};

use crate::attribution::{AttributionModel, Spec};
use crate::error::Result;
use crate::metrics::calendar::Resolved;
use crate::metrics::known::Known;
use crate::metrics::plan::{self, Frame};
use crate::metrics::query::{Basis, Params, Time};
use crate::metrics::sql::Param;

/// What is asked: a window, and what the models are told.
pub struct Asked {
    pub time: Time,
    pub models: Vec<AttributionModel>,
    pub params: Params,
    /// How far revenue could have come out otherwise is wanted too.
    pub intervals: bool,
}

impl Asked {
    fn spec(&self, known: &Known, frame: &Frame) -> Result<(Spec, Resolved)> {
        let resolved = frame.calendar.resolve(&self.time)?;
        let tuning = plan::tuning(&self.params)?;
        plan::check_lookback(tuning)?;
        let spec = Spec {
            brand_id: known.brand.id,
            model: AttributionModel::default(),
            tuning,
            window: plan::window_in_numbers(&resolved.window),
            by_touch: false,
            refunds_by_order: self.params.basis == Some(Basis::OrderDate),
            every_touch: true,
            today: Param::day_number(frame.calendar.today()),
        };
        Ok((spec, resolved))
    }
}
