//! The arithmetic of a grid: cumulated values, ratios of sums, totals over the cohorts that have completed an age.

use super::calendar::Span;
use super::grid::{AgeCell, CohortRow, Payback, PaybackState, Totals, money};
use crate::metrics::Exact;
use crate::metrics::query::ValueBasis;
use crate::money::Currency;

/// What one cohort did at one age.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub customers: i64,
    pub orders: i64,
    pub net_sales: Option<Exact>,
    /// Nothing where no line of the cell has a cost.
    pub gross_profit: Option<Exact>,
    /// The same less shipping, handling and payment fees.
    pub contribution: Option<Exact>,
}

impl Default for Sums {
    fn default() -> Self {
        let nothing = Some(Exact::zero());
        Self { customers: 0, orders: 0, net_sales: nothing, gross_profit: nothing, contribution: nothing }
    }
}

/// A cohort with everything that its row shows.
struct Line {
    customers: i64,
    spend: Option<Exact>,
    /// Ages that are over.
    complete: usize,
    /// Every age that has begun, with the value up to it and the contribution up to it.
    ages: Vec<(Sums, Option<Exact>, Option<Exact>)>,
}

/// Every cohort's line.
pub(super) struct Filled {
    lines: Vec<Line>,
}

impl Filled {
    /// `at` says what a cohort did at an age, `spend` what was spent to win it.
    pub fn new(
        span: &Span,
        basis: ValueBasis,
        most_ages: usize,
        at: impl Fn(&str, usize) -> Sums,
        spend: impl Fn(&str) -> Option<Exact>,
    ) -> Self {
        let lines = span.cohorts.iter().map(|cohort| {
            let (mut value, mut contributed) = (Some(Exact::zero()), Some(Exact::zero()));
            let ages = (0..cohort.begun.min(most_ages)).map(|age| {
                let sums = at(&cohort.name, age);
                let added = match basis {
                    ValueBasis::NetSales => sums.net_sales,
                    ValueBasis::GrossProfit => sums.gross_profit,
                    ValueBasis::ContributionMargin => sums.contribution,
                };
                value = sum(value, added);
                contributed = sum(contributed, sums.contribution);
                (sums, value, contributed)
            });
            Line {
                // Everybody orders at age 0: that is what makes them of this cohort.
                customers: at(&cohort.name, 0).customers,
                spend: spend(&cohort.name),
                complete: cohort.complete,
                ages: ages.collect(),
            }
        });
        Self { lines: lines.collect() }
    }

    /// A row a cohort.
    pub fn rows(&self, span: &Span, currency: Currency) -> Vec<CohortRow> {
        let rows = span.cohorts.iter().zip(&self.lines).map(|(cohort, line)| {
            let cells = line.ages.iter().enumerate();
            let cells = cells.map(|(age, (sums, value, _))| {
                let of = Of { customers: line.customers, spend: line.spend, complete: age < line.complete };
                cell(age, sums, *value, of, currency)
            });
            CohortRow {
                cohort: cohort.name.clone(),
                start: cohort.start.to_string(),
                end: cohort.end.to_string(),
                customers: line.customers,
                ad_spend: money(line.spend, currency),
                cac: money(line.spend.and_then(|spend| spend.over(count(line.customers))), currency),
                payback_age: line.ages.iter().position(|(_, value, _)| paid_back(*value, line.spend)),
                payback: payback(line.ages.iter().map(|(_, _, contributed)| (*contributed, line.spend)), line.spend),
                cells: cells.collect(),
            }
        });
        rows.collect()
    }

    /// All of them. Whoever has not completed an age is left out of it altogether.
    pub fn totals(&self, currency: Currency) -> Totals {
        let customers = self.lines.iter().map(|line| line.customers).sum();
        let spend = self.lines.iter().map(|line| line.spend).try_fold(Exact::zero(), |sum, s| Some(sum.plus(s?)));
        let most = self.lines.iter().map(|line| line.complete.min(line.ages.len())).max().unwrap_or(0);
        let mut payback_age = None;
        let mut contributed = Vec::with_capacity(most);
        let cells = (0..most).map(|age| {
            let (sums, value, so_far, of) = self.at_age(age);
            contributed.push((so_far, of.spend));
            if payback_age.is_none() && paid_back(value, of.spend) {
                payback_age = Some(age);
            }
            cell(age, &sums, value, of, currency)
        });
        let cells = cells.collect();
        let payback = payback(contributed.into_iter(), spend);
        Totals {
            customers,
            ad_spend: money(spend, currency),
            cac: money(spend.and_then(|spend| spend.over(count(customers))), currency),
            payback_age,
            payback,
            cells,
        }
    }

    /// The sums over the cohorts that have completed an age.
    fn at_age(&self, age: usize) -> (Sums, Option<Exact>, Option<Exact>, Of) {
        let mut of = Of { customers: 0, spend: Some(Exact::zero()), complete: true };
        let (mut sums, mut value, mut contributed) = (Sums::default(), Some(Exact::zero()), Some(Exact::zero()));
        for line in self.lines.iter().filter(|line| age < line.complete) {
            let Some((at, so_far, contributed_so_far)) = line.ages.get(age) else { continue };
            of.customers += line.customers;
            of.spend = sum(of.spend, line.spend);
            sums.customers += at.customers;
            sums.orders += at.orders;
            sums.net_sales = sum(sums.net_sales, at.net_sales);
            sums.gross_profit = sum(sums.gross_profit, at.gross_profit);
            sums.contribution = sum(sums.contribution, at.contribution);
            value = sum(value, *so_far);
            contributed = sum(contributed, *contributed_so_far);
        }
        (sums, value, contributed, of)
    }
}

/// What a cell's ratios divide by.
#[derive(Clone, Copy)]
struct Of {
    customers: i64,
    spend: Option<Exact>,
    complete: bool,
}

fn cell(age: usize, sums: &Sums, value: Option<Exact>, of: Of, currency: Currency) -> AgeCell {
    let ratio = |value: Option<Exact>| value.map(|value| value.text(6));
    AgeCell {
        age,
        complete: of.complete,
        of_customers: of.customers,
        customers: sums.customers,
        orders: sums.orders,
        net_sales: money(sums.net_sales, currency),
        gross_profit: money(sums.gross_profit, currency),
        contribution_margin: money(sums.contribution, currency),
        value: money(value, currency),
        ltv: money(value.and_then(|value| value.over(count(of.customers))), currency),
        retention: ratio(count(sums.customers).over(count(of.customers))),
        ltv_cac: ratio(value.zip(of.spend).and_then(|(value, spend)| value.over(spend))),
    }
}

/// Nothing where one of them is not known.
fn sum(one: Option<Exact>, other: Option<Exact>) -> Option<Exact> {
    one.zip(other).map(|(one, other)| one.plus(other))
}

/// From what was contributed through each age and the spend it is held against, and the spend in all.
fn payback(ages: impl Iterator<Item = (Option<Exact>, Option<Exact>)>, spend: Option<Exact>) -> Payback {
    let mut unknown = spend.is_none();
    let mut ages = ages.inspect(|(contributed, _)| unknown |= contributed.is_none());
    let periods = ages.position(|(contributed, spend)| paid_back(contributed, spend)).map(|age| age + 1);
    drop(ages);
    let state = match periods {
        Some(_) => PaybackState::PaidBack,
        None if unknown => PaybackState::Unknown,
        None if spend == Some(Exact::zero()) => PaybackState::NothingSpent,
        None => PaybackState::NotYet,
    };
    Payback { state, periods }
}

/// Something was spent, and the value has reached it.
fn paid_back(value: Option<Exact>, spend: Option<Exact>) -> bool {
    value.zip(spend).is_some_and(|(value, spend)| spend > Exact::zero() && value >= spend)
}

fn count(customers: i64) -> Exact {
    Exact::whole(customers.into())
}
