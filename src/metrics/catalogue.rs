//! The catalogue of metrics and dimensions, read once from `assets/metrics.toml`.

use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::metrics::facts::{Dim, Family, Measure};

const TEXT: &str = include_str!("../../assets/metrics.toml");

/// The catalogue that is compiled in. That it can be read is proven by a test, so a failure here cannot reach a user.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(TEXT).unwrap_or_default());

/// Every metric and dimension there is.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// In the order of the file, which is the order of pages.
    pub metrics: Vec<Metric>,
    /// In the order of the file.
    pub dimensions: Vec<Dimension>,
    /// Changes whenever the file does: part of every cache key.
    pub version: String,
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Decimal text in the brand's currency, with the currency's own decimals.
    Money,
    /// A whole number; decimal text where a platform counts in fractions.
    Count,
    /// Decimal text with six places.
    Ratio,
    /// A fraction as decimal text with six places: 0.25 is 25 %.
    Percent,
    /// Decimal text with six places.
    Days,
}

/// Which direction is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoodWhen {
    Up,
    Down,
    Neutral,
}

/// One metric: a sum, or a ratio of two sums.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    pub id: String,
    pub label: String,
    pub unit: Unit,
    pub good_when: GoodWhen,
    /// In words.
    pub formula: String,
    #[serde(default)]
    pub synonyms: Vec<String>,
    top: Vec<Term>,
    #[serde(default)]
    bottom: Vec<Term>,
    /// What takes the place of `bottom` where the question is about a platform, campaign, ad set or ad.
    #[serde(default)]
    bottom_by_ads: Vec<Term>,
    /// What takes the place of `top` and `per` where the brand has journeys.
    #[serde(default)]
    top_with_journeys: Vec<Term>,
    #[serde(default = "one")]
    per_with_journeys: i64,
    #[serde(default = "one")]
    times: i64,
    #[serde(default = "one")]
    per: i64,
    /// The dimension that must be among those asked: the metric belongs to one of it.
    pub each: Option<Dim>,
    /// Null where no line of the rows has a cost.
    #[serde(default)]
    pub needs_cost: bool,
    /// Decimals of a count that comes in parts.
    #[serde(default)]
    pub decimals: Option<u32>,
}

/// A measure and its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Term {
    pub measure: Measure,
    pub minus: bool,
}

impl TryFrom<String> for Term {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (minus, name) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        Measure::parse(name).map(|measure| Self { measure, minus }).ok_or_else(|| format!("no measure \"{name}\""))
    }
}

/// `times × Σ top ÷ (per × Σ bottom)`; without a bottom a plain sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    pub top: Vec<Term>,
    pub bottom: Vec<Term>,
    pub times: i64,
    pub per: i64,
}

/// One dimension.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    pub id: Dim,
    pub label: String,
    pub kind: Kind,
    #[serde(default)]
    pub about: String,
    #[serde(default)]
    pub synonyms: Vec<String>,
}

/// What a dimension's values are: decides which filters fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    /// Several values a row.
    List,
    Bool,
    Number,
    Weekday,
    Date,
    /// A bucket of the calendar.
    Bucket,
}

fn one() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    metric: Vec<Metric>,
    dimension: Vec<Dimension>,
}

impl Catalogue {
    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let file: File = toml::from_str(text)?;
        let digest = Sha256::digest(text.as_bytes());
        let version = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { metrics: file.metric, dimensions: file.dimension, version })
    }

    /// The one that is compiled in.
    pub fn get() -> &'static Self {
        &CATALOGUE
    }

    /// By id.
    pub fn metric(&self, id: &str) -> Option<&Metric> {
        self.metrics.iter().find(|m| m.id == id)
    }

    /// By id.
    pub fn dimension(&self, id: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|d| d.id.id() == id)
    }

    /// By what it stands for.
    pub fn kind(&self, dim: Dim) -> Kind {
        self.dimensions.iter().find(|d| d.id == dim).map_or(Kind::Text, |d| d.kind)
    }

    /// The id of the metric that comes closest to a name that does not exist.
    pub fn nearest_metric(&self, name: &str) -> Option<&str> {
        let names = self.metrics.iter().flat_map(|m| named(&m.id, &m.label, &m.synonyms));
        nearest(name, names)
    }

    /// The id of the dimension that comes closest to a name that does not exist.
    pub fn nearest_dimension(&self, name: &str) -> Option<&str> {
        let names = self.dimensions.iter().flat_map(|d| named(d.id.id(), &d.label, &d.synonyms));
        nearest(name, names)
    }
}

impl Metric {
    /// How it is computed; `by_ads` where the question is about a platform, campaign, ad set or ad.
    pub fn formula(&self, by_ads: bool) -> Formula {
        let bottom = if by_ads && !self.bottom_by_ads.is_empty() { &self.bottom_by_ads } else { &self.bottom };
        Formula { top: self.top.clone(), bottom: bottom.clone(), times: self.times, per: self.per }
    }
}

impl Metric {
    /// As [`Metric::formula`], of a brand that may have journeys.
    pub fn formula_for(&self, by_ads: bool, journeys: bool) -> Formula {
        let formula = self.formula(by_ads);
        if !journeys || self.top_with_journeys.is_empty() {
            return formula;
        }
        Formula { top: self.top_with_journeys.clone(), per: self.per_with_journeys, ..formula }
    }

    /// Is another figure where the brand has journeys.
    pub fn depends_on_journeys(&self) -> bool {
        !self.top_with_journeys.is_empty()
    }
}

impl Formula {
    /// Every measure in it.
    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        self.top.iter().chain(&self.bottom).map(|term| term.measure)
    }

    /// Reads credits of touches.
    pub fn is_credited(&self) -> bool {
        self.measures().any(|m| matches!(m.family(), Family::Credits | Family::CreditRefunds))
    }

    /// Neither a ratio nor scaled: rows add up to the total, as far as the measures do.
    pub fn is_sum(&self) -> bool {
        self.bottom.is_empty() && self.per == 1
    }
}

fn named<'a>(id: &'a str, label: &'a str, synonyms: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    std::iter::once(id).chain([label]).chain(synonyms.iter().map(String::as_str)).map(move |name| (id, name))
}

fn nearest<'a>(wanted: &str, names: impl Iterator<Item = (&'a str, &'a str)>) -> Option<&'a str> {
    // Long nonsense is cut: the distance costs its length.
    let wanted: String =
        wanted.chars().take(64).flat_map(char::to_lowercase).map(|c| if c == ' ' { '_' } else { c }).collect();
    let scored = names.map(|(id, name)| {
        let name = name.to_lowercase().replace(' ', "_");
        (strsim::jaro_winkler(&wanted, &name), id)
    });
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reads_and_names_each_thing_once() {
        let catalogue = Catalogue::parse(TEXT).expect("assets/metrics.toml");
        let ids: HashSet<_> = catalogue.metrics.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(ids.len(), catalogue.metrics.len());
        let dims: HashSet<_> = catalogue.dimensions.iter().map(|d| d.id).collect();
        assert_eq!(dims.len(), catalogue.dimensions.len());
        assert_eq!(dims.len(), Dim::ALL.len(), "every dimension of the code is in the catalogue");
        assert!(ids.is_disjoint(&catalogue.dimensions.iter().map(|d| d.id.id()).collect()));
        let mut synonyms = HashSet::new();
        for metric in &catalogue.metrics {
            for synonym in &metric.synonyms {
                assert!(synonyms.insert(synonym), "{synonym} means two metrics");
            }
        }
    }

    #[test]
    fn suggests_the_nearest() {
        let catalogue = Catalogue::get();
        for (typo, id) in [("net_sale", "net_sales"), ("revenue", "net_sales"), ("mer", "mer_ratio"), ("CAC", "ncac")] {
            assert_eq!(catalogue.nearest_metric(typo), Some(id), "{typo}");
        }
        assert_eq!(catalogue.nearest_dimension("coutry"), Some("country"));
        assert_eq!(catalogue.nearest_metric("'; drop table orders"), None);
    }
}
