//! What the customers of a brand may be expected to buy: in total, by cohort, and by customer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::Serialize;
use utoipa::ToSchema;

use super::fitting::{Check, Fitted, Judged, Refusal, judge};
use super::models::BgNbd;
use super::purchases::{Buyer, day_number, history, read};
use crate::auth::Reach;
use crate::error::Result;
use crate::metrics::BrandShown;
use crate::metrics::answer::Freshness;
use crate::metrics::calendar::shift_days;
use crate::metrics::sheets::Book;
use crate::metrics::written::Decimal;
use crate::money::{Currency, format_micros};
use crate::tenants::Tenant;
use crate::warehouse;

/// Weeks a month, as the published figures of customer lifetime value have it.
const WEEKS_A_MONTH: f64 = 4.345;
const MONTHS: u32 = 12;
/// A month's discount of money to come.
const DISCOUNT: f64 = 0.01;

/// A forecast as asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// How far ahead, each in days.
    pub days: Vec<u32>,
    /// Customers to list, the most valuable first.
    pub customers: usize,
}

/// What may be expected, or why nothing is said.
#[derive(Debug, Serialize, ToSchema)]
pub struct Forecast {
    pub brand: BrandShown,
    pub currency: String,
    /// The last day that purchases are known of.
    pub as_of: String,
    pub customers: usize,
    /// Customers who bought on two days or more.
    pub repeat_customers: usize,
    /// Days from the first purchase of all to `as_of`.
    pub history_days: i32,
    pub checks: Vec<Check>,
    /// Null where something is predicted.
    pub refusal: Option<Refusal>,
    /// Null where it is refused.
    pub prediction: Option<Prediction>,
    pub freshness: Freshness,
}

/// What may be expected of the customers there are; those still to be won are not in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Prediction {
    pub model: Model,
    pub totals: Vec<Expected>,
    /// What one customer who buys for the first time today buys again.
    pub of_a_new_customer: Vec<Expected>,
    /// What twelve months are worth now, each month's money discounted by 1 % a month.
    #[schema(value_type = Option<Decimal>)]
    pub clv_12_months: Option<String>,
    pub cohorts: Vec<CohortExpected>,
    /// The most valuable ones, as many as were asked for.
    pub listed: Vec<CustomerExpected>,
}

/// The parameters that were fitted, as decimal text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastModel)]
pub struct Model {
    /// BG/NBD, time in weeks: r, alpha, a, b.
    pub buying: BTreeMap<&'static str, String>,
    pub log_likelihood: String,
    /// Gamma-Gamma: p, q, v; null where values of purchases are not predicted.
    pub spending: Option<BTreeMap<&'static str, String>>,
}

/// Purchases and their value within so many days.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ForecastExpected)]
pub struct Expected {
    pub days: u32,
    /// Days with a purchase, after the first.
    #[schema(value_type = Decimal)]
    pub orders: String,
    /// After discounts, before refunds; null where values are not predicted.
    #[schema(value_type = Option<Decimal>)]
    pub value: Option<String>,
}

/// The customers of one month of first orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct CohortExpected {
    pub cohort: String,
    pub customers: usize,
    /// How likely one of them still is a customer, on average.
    #[schema(value_type = Decimal)]
    pub alive: String,
    pub expected: Vec<Expected>,
}

/// One customer, by the number that the dimension `customer` has.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerExpected {
    pub customer: String,
    #[schema(value_type = Decimal)]
    pub alive: String,
    pub expected: Vec<Expected>,
}

/// The last fit of each brand: it holds until something lands or the day changes.
#[derive(Default)]
struct Fits(Mutex<HashMap<i64, Held>>);

/// A fit, the data version and the day it is of.
struct Held {
    version: i64,
    as_of: Date,
    judged: Arc<Judged>,
}

/// Forecasts of a brand, at `now`.
///
/// # Errors
/// `NotFound` where there is no such brand within `reach`; `Unavailable` when too much is asked at once.
pub async fn forecast(tenant: &Tenant, reach: &Reach, brand: &str, ask: Ask, now: Timestamp) -> Result<Forecast> {
    let book = Book::of(tenant, reach, brand, now).await?;
    let (brand_id, currency) = (book.brand_id(), book.currency());
    let as_of = shift_days(book.complete_until(), -1);
    let warehouse = warehouse::of(tenant);
    let version = warehouse.caught_up(tenant).await?;
    let buyers = warehouse.query(move |conn| read(conn, brand_id, as_of)).await?;
    let fits = tenant.slot(Fits::default);
    let work = move || {
        let judged = fits.judged((brand_id, version, as_of), &buyers);
        let prediction =
            judged.fitted.as_ref().ok().and_then(|fitted| predict(fitted, &buyers, day_number(as_of), &ask, currency));
        (judged, prediction, buyers.len())
    };
    let (judged, prediction, customers) = warehouse.compute(work).await?;
    let unsettled = || Refusal {
        code: "fit_not_converged",
        text: "The fitted model gives no finite expectation for these customers.".to_owned(),
    };
    let refusal = judged.fitted.as_ref().err().cloned().or_else(|| prediction.is_none().then(unsettled));
    Ok(Forecast {
        brand: book.brand(),
        currency: currency.to_string(),
        as_of: as_of.to_string(),
        customers,
        repeat_customers: judged.repeaters,
        history_days: judged.days,
        checks: judged.checks.clone(),
        refusal,
        prediction,
        freshness: book.freshness(version),
    })
}

impl Fits {
    fn judged(&self, (brand_id, version, as_of): (i64, i64, Date), buyers: &[Buyer]) -> Arc<Judged> {
        let fits = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = |held: &&Held| (held.version, held.as_of) == (version, as_of);
        if let Some(held) = fits().get(&brand_id).filter(fitting) {
            return Arc::clone(&held.judged);
        }
        let judged = Arc::new(judge(buyers, day_number(as_of)));
        fits().insert(brand_id, Held { version, as_of, judged: Arc::clone(&judged) });
        judged
    }
}

/// What is expected of one customer, or the sum over several.
#[derive(Clone)]
struct Sum {
    customers: usize,
    alive: f64,
    /// Orders and value within each horizon.
    within: Vec<(f64, f64)>,
    discounted: f64,
}

impl Sum {
    fn of(horizons: usize) -> Self {
        Self { customers: 0, alive: 0.0, within: vec![(0.0, 0.0); horizons], discounted: 0.0 }
    }

    fn add(&mut self, other: &Self) {
        self.customers += other.customers;
        self.alive += other.alive;
        self.discounted += other.discounted;
        for (sum, one) in self.within.iter_mut().zip(&other.within) {
            sum.0 += one.0;
            sum.1 += one.1;
        }
    }
}

/// `None` where an expectation is no number.
fn predict(fitted: &Fitted, buyers: &[Buyer], now: i32, ask: &Ask, currency: Currency) -> Option<Prediction> {
    let mut totals = Sum::of(ask.days.len());
    let mut cohorts: BTreeMap<String, Sum> = BTreeMap::new();
    let mut each: Vec<(i64, Sum)> = Vec::new();
    let mut counts: HashMap<(u32, i32, i32), Counts> = HashMap::new();
    for buyer in buyers {
        let days = buyer.days_until(now)?;
        let counts = match counts.entry(days) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(Counts::of(fitted, days, &ask.days)?),
        };
        let money = fitted.spending.map_or(0.0, |spending| spending.expected(buyer.spent()));
        let one = Sum {
            customers: 1,
            alive: counts.alive,
            within: counts.within.iter().map(|orders| (*orders, orders * money)).collect(),
            discounted: counts.discounted * money,
        };
        totals.add(&one);
        let first = shift_days(date(1970, 1, 1), i64::from(buyer.first()));
        let cohort = first.strftime("%Y-%m").to_string();
        cohorts.entry(cohort).or_insert_with(|| Sum::of(ask.days.len())).add(&one);
        if ask.customers > 0 {
            each.push((buyer.id, one));
        }
    }
    let worth = |sum: &Sum| {
        sum.within.last().map_or(0.0, |(orders, value)| if fitted.spending.is_some() { *value } else { *orders })
    };
    each.sort_by(|a, b| worth(&b.1).total_cmp(&worth(&a.1)).then(a.0.cmp(&b.0)));
    each.truncate(ask.customers);
    let worth_of_one = fitted.spending.map_or(0.0, |spending| spending.expected(None));
    let mut fresh = Sum::of(0);
    for days in &ask.days {
        let orders = fitted.buying.expected_of_new(f64::from(*days) / 7.0)?;
        fresh.within.push((orders, orders * worth_of_one));
    }
    let shown = Shown { valued: fitted.spending.is_some(), currency, days: &ask.days };
    Some(Prediction {
        model: model(fitted),
        totals: shown.expected(&totals),
        of_a_new_customer: shown.expected(&fresh),
        clv_12_months: shown.valued.then(|| shown.money(totals.discounted)),
        cohorts: cohorts.iter().map(|(name, sum)| shown.cohort(name, sum)).collect(),
        listed: each.iter().map(|(id, sum)| shown.customer(*id, sum)).collect(),
    })
}

/// What customers with the same history have in common.
struct Counts {
    alive: f64,
    /// Orders within each horizon.
    within: Vec<f64>,
    /// Orders of each of the twelve months, discounted.
    discounted: f64,
}

impl Counts {
    fn of(fitted: &Fitted, days: (u32, i32, i32), horizons: &[u32]) -> Option<Self> {
        let (history, model) = (history(days), fitted.buying);
        let within = horizons.iter().map(|days| model.expected(&history, f64::from(*days) / 7.0));
        let (mut discounted, mut before) = (0.0, 0.0);
        for month in 1..=MONTHS {
            let until = model.expected(&history, f64::from(month) * WEEKS_A_MONTH)?;
            discounted += (until - before) / (1.0 + DISCOUNT).powf(f64::from(month));
            before = until;
        }
        Some(Self { alive: model.alive(&history), within: within.collect::<Option<_>>()?, discounted })
    }
}

fn model(fitted: &Fitted) -> Model {
    let text = |value: f64| format!("{value:.6}");
    let BgNbd { r, alpha, a, b } = fitted.buying;
    let named = [("r", r), ("alpha", alpha), ("a", a), ("b", b)];
    let spending = fitted.spending.map(|s| [("p", s.p), ("q", s.q), ("v", s.v)].map(|(n, v)| (n, text(v))).into());
    Model {
        buying: named.map(|(name, value)| (name, text(value))).into(),
        log_likelihood: format!("{:.4}", fitted.log_likelihood),
        spending,
    }
}

/// How sums become an answer.
struct Shown<'a> {
    /// Values of purchases are predicted.
    valued: bool,
    currency: Currency,
    days: &'a [u32],
}

impl Shown<'_> {
    /// An expectation is no booking: it is rounded from a floating number here, once.
    fn money(&self, value: f64) -> String {
        format_micros((value * 1e6).round() as i128, self.currency.decimals())
    }

    fn expected(&self, sum: &Sum) -> Vec<Expected> {
        let both = self.days.iter().zip(&sum.within);
        both.map(|(days, (orders, value))| Expected {
            days: *days,
            orders: format!("{orders:.4}"),
            value: self.valued.then(|| self.money(*value)),
        })
        .collect()
    }

    fn cohort(&self, name: &str, sum: &Sum) -> CohortExpected {
        CohortExpected {
            cohort: name.to_owned(),
            customers: sum.customers,
            alive: format!("{:.6}", sum.alive / sum.customers.max(1) as f64),
            expected: self.expected(sum),
        }
    }

    fn customer(&self, id: i64, sum: &Sum) -> CustomerExpected {
        CustomerExpected { customer: id.to_string(), alive: format!("{:.6}", sum.alive), expected: self.expected(sum) }
    }
}
