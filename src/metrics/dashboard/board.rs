//! Which queries a dashboard asks, and how their answers become one.

use serde_json::{Map, Value as Json};

use super::ask::Ask;
use super::shape::{BoardCompare, BoardWindow, BrandShown, Dashboard, Point};
use super::{TILES, tables, tiles};
use crate::error::Result;
use crate::metrics::answer::{Definition, Freshness, Table, WindowShown};
use crate::metrics::catalogue::{Catalogue, Metric};
use crate::metrics::credited::Question;
use crate::metrics::daily::Task;
use crate::metrics::facts::Dim;
use crate::metrics::figure::json;
use crate::metrics::notes::Note;
use crate::metrics::plan::{Frame, Key, Plan, has};
use crate::metrics::query::{Dir, Filter, Grain, Order, Params, Query};
use crate::metrics::run::{Found, gather};
use crate::metrics::sql::{page, roles, steps};

/// Rows of the product and stock lists.
const LIST_ROWS: u32 = 10;
/// Campaigns, products and the like that one query may bring.
const MOST_ROWS: u32 = 10_000;
/// Metrics that the main chart always shows.
const CHARTED: [&str; 3] = ["net_sales", "ad_spend", "mer_ratio"];

/// Everything the page says besides figures.
pub struct Scene {
    pub brand: BrandShown,
    pub freshness: Freshness,
}

/// The queries of a dashboard. A part that the filters make impossible is absent.
pub struct Board {
    ask: Ask,
    grain: Grain,
    /// Tiles that can be shown under these filters, over the whole window where they cannot be split by the grain.
    whole: Option<Plan>,
    /// The same, and the chosen metric, by the grain.
    series: Option<Plan>,
    channels: Option<Plan>,
    products: Option<Plan>,
    customers: Option<Plan>,
    by_type: Option<Plan>,
    stock: Option<Plan>,
    notes: Vec<Note>,
}

/// Answers to the queries of a board, in their places.
pub(super) struct Tables<'a> {
    pub whole: Option<Table<'a>>,
    pub series: Option<Table<'a>>,
    pub channels: Option<Table<'a>>,
    pub products: Option<Table<'a>>,
    pub customers: Option<Table<'a>>,
    pub by_type: Option<Table<'a>>,
    pub stock: Option<Table<'a>>,
}

impl Question for Board {
    fn plans(&mut self) -> Vec<&mut Plan> {
        let parts = [
            &mut self.series,
            &mut self.customers,
            &mut self.by_type,
            &mut self.whole,
            &mut self.channels,
            &mut self.products,
            &mut self.stock,
        ];
        parts.into_iter().filter_map(Option::as_mut).collect()
    }

    /// Each by itself.
    fn tasks(&self) -> Vec<Task> {
        let of_plan = |plan| match steps(plan) {
            Some(steps) => steps.iter().map(Task::of).collect(),
            None => vec![Task::Sql(page(plan))],
        };
        self.all().into_iter().flatten().flat_map(of_plan).collect()
    }
}

impl Board {
    /// Plans the queries.
    ///
    /// # Errors
    /// Those of a plan: the caller's, with a code and the field at fault.
    pub fn new(ask: Ask, frame: &Frame, has_stock: bool) -> Result<Self> {
        let grain = ask.grain_for(&frame.calendar)?;
        let mut draft = Draft { ask: &ask, frame, grain, left_out: Vec::new() };
        let mut charted: Vec<&str> = TILES.to_vec();
        if !charted.contains(&ask.metric.as_str()) {
            charted.push(&ask.metric);
        }
        let by_grain: Vec<&str> = charted.iter().copied().filter(|id| draft.by_grain(id)).collect();
        let series = draft.plan(&by_grain, |q| Query { grain: Some(grain), limit: Some(MOST_ROWS), ..q })?;
        // Where a tile cannot be split by the grain (ad spend by the hour), all tiles come from a query without one.
        let whole = if by_grain.len() < draft.available(&charted).len() { draft.plan(&charted, |q| q)? } else { None };
        let mut ads = vec![
            "ad_spend",
            "impressions",
            "clicks",
            "platform_conversions",
            "platform_reported_revenue",
            "platform_roas",
            "cpc",
        ];
        if frame.journeys {
            ads.extend(["attributed_revenue", "attributed_orders", "attributed_roas"]);
        }
        let split = |dims: &[&str], q: Query| Query { dimensions: dims.iter().map(|d| (*d).to_owned()).collect(), ..q };
        let channels = draft.plan(&ads, |q| Query { limit: Some(MOST_ROWS), ..split(&["channel", "campaign"], q) })?;
        let sold = ["net_sales", "units_sold", "gross_margin", "refund_rate"];
        let products = draft.plan(&sold, |q| Query { limit: Some(LIST_ROWS), ..split(&["product"], q) })?;
        let alone = |q: Query| Query { compare: None, grain: Some(grain), limit: Some(MOST_ROWS), ..q };
        let customers = draft.plan(&["new_customers", "returning_customers"], alone)?;
        let by_type = draft.plan(&["net_sales"], |q| split(&["customer_type"], alone(q)))?;
        let by_cover = Order { by: "days_of_cover".to_owned(), dir: Some(Dir::Asc) };
        // Of stock, `window_days` means something else.
        let stock = draft.plan(&["days_of_cover", "inventory_on_hand", "reorder_quantity"], |q| Query {
            params: Params::default(),
            compare: None,
            order: Some(by_cover),
            limit: Some(LIST_ROWS),
            ..split(&["product", "sku", "size", "low_stock", "projected_stockout_date"], q)
        })?;
        let notes = draft.notes();
        // The tiles say what is to be said; the lists below need not ask again.
        let quiet = |plan: Option<Plan>| plan.map(Plan::without_notes).transpose();
        let few = |plan: Option<Plan>| plan.map(Plan::of_few_groups);
        let (channels, products, by_type) = (few(quiet(channels)?), few(quiet(products)?), few(quiet(by_type)?));
        // Without any stock the list is empty, and need not be asked for.
        let stock = stock.filter(|_| has_stock);
        Ok(Self { grain, whole, series, channels, products, customers, by_type, stock, notes, ask })
    }

    fn all(&self) -> [Option<&Plan>; 7] {
        let parts =
            [&self.series, &self.customers, &self.by_type, &self.whole, &self.channels, &self.products, &self.stock];
        parts.map(Option::as_ref)
    }

    /// The page, from what was found, in the order of the tasks.
    pub fn lay_out(&self, found: Vec<Found>, scene: Scene, frame: &Frame) -> Dashboard {
        let mut found = found.into_iter();
        let [series, customers, by_type, whole, channels, products, stock] = self.all().map(|plan| {
            let plan = plan?;
            let roles = roles(plan);
            let parts = found.by_ref().take(roles.len()).collect();
            Some(Table::new(plan, gather(&roles, parts)))
        });
        let tables = Tables { whole, series, channels, products, customers, by_type, stock };
        let mut notes = self.notes.clone();
        for table in
            [&tables.series, &tables.whole, &tables.channels, &tables.products, &tables.stock].into_iter().flatten()
        {
            for note in table.notes() {
                if !notes.iter().any(|n| n.code == note.code) {
                    notes.push(note);
                }
            }
        }
        let shown: Vec<&'static Metric> = TILES.iter().filter_map(|id| Catalogue::get().metric(id)).collect();
        let (channels, channels_total) = tables::channels(tables.channels.as_ref(), frame.currency);
        let (inventory, inventory_as_of) = tables::inventory(tables.stock.as_ref(), frame);
        let truncated = |table: &Option<Table<'_>>| table.as_ref().is_some_and(|table| table.truncated);
        Dashboard {
            window: self.window(frame),
            compare: self.compare(frame),
            grain: self.grain,
            metric: self.ask.metric.clone(),
            model: self.ask.model,
            kpis: shown.iter().map(|metric| tiles::tile(metric, self, &tables, frame.currency)).collect(),
            series: self.points(&tables, frame),
            channels,
            channels_total,
            channels_note: tables::CLAIMED.to_owned(),
            products: tables::products(tables.products.as_ref(), frame.currency),
            products_truncated: truncated(&tables.products),
            inventory,
            inventory_truncated: truncated(&tables.stock),
            inventory_as_of,
            customers: tables::customers(&tables, frame.currency),
            definitions: shown.iter().map(|metric| Definition::of(metric, frame.currency)).collect(),
            notes,
            brand: scene.brand,
            freshness: scene.freshness,
        }
    }

    fn any_plan(&self) -> Option<&Plan> {
        self.all().into_iter().flatten().next()
    }

    /// The window contains now.
    pub(super) fn partial(&self) -> bool {
        self.any_plan().is_some_and(|plan| plan.resolved.partial)
    }

    fn window(&self, frame: &Frame) -> BoardWindow {
        let shown = match self.any_plan() {
            Some(plan) => WindowShown::of(&plan.resolved, &frame.calendar),
            None => WindowShown { timezone: frame.calendar.zone_name(), ..WindowShown::default() },
        };
        BoardWindow {
            range: self.ask.range.clone(),
            from: shown.start.clone(),
            to: shown.end.clone(),
            start: shown.start,
            end: shown.end,
            timezone: shown.timezone,
            partial: shown.partial,
            partial_until: shown.partial_until,
        }
    }

    fn compare(&self, frame: &Frame) -> Option<BoardCompare> {
        let asked = self.ask.compare.as_ref()?;
        let previous = self.all().into_iter().flatten().find_map(|plan| plan.previous.as_ref())?;
        let shown = crate::metrics::answer::CompareShown::of(asked, &previous.window, &frame.calendar);
        Some(BoardCompare {
            to: shown.to,
            r#match: shown.r#match,
            start: shown.start,
            end: shown.end,
            until: shown.until,
        })
    }

    /// The main chart.
    fn points(&self, tables: &Tables<'_>, frame: &Frame) -> Vec<Point> {
        let (Some(plan), Some(table)) = (&self.series, &tables.series) else { return Vec::new() };
        let Some(buckets) = plan.current.buckets.get(&self.grain) else { return Vec::new() };
        let previous = plan.previous.as_ref().and_then(|span| span.buckets.get(&self.grain));
        let mut charted: Vec<&str> = CHARTED.to_vec();
        if !charted.contains(&self.ask.metric.as_str()) {
            charted.push(&self.ask.metric);
        }
        let index = |id: &str| plan.metrics.iter().position(|a| a.metric.id == id);
        let points = table.lines().zip(&buckets.all).enumerate().map(|(number, (line, bucket))| {
            let (mut values, mut before) = (Map::new(), Map::new());
            for id in &charted {
                let figures = index(id).map(|i| (i, line.figures(i)));
                let shown = |pick: fn((Figure, Figure)) -> Figure| {
                    figures.map_or(Json::Null, |(i, pair)| json(&plan.metrics[i], pick(pair), frame.currency))
                };
                values.insert((*id).to_owned(), shown(|pair| pair.0));
                if *id == "net_sales" || *id == self.ask.metric {
                    before.insert((*id).to_owned(), shown(|pair| pair.1));
                }
            }
            Point {
                t: bucket.label.clone(),
                previous_t: previous.and_then(|b| b.all.get(number)).map(|b| b.label.clone()),
                partial: bucket.partial,
                values: Json::Object(values),
                previous: if plan.previous.is_some() { Json::Object(before) } else { Json::Null },
            }
        });
        points.collect()
    }
}

type Figure = Option<crate::metrics::exact::Exact>;

/// Queries in the making: they share window, comparison and filters.
struct Draft<'a> {
    ask: &'a Ask,
    frame: &'a Frame,
    grain: Grain,
    /// Metrics that the filters leave out, with the filter.
    left_out: Vec<(String, &'static str)>,
}

impl Draft<'_> {
    /// The dimension of the first filter that a metric cannot answer.
    fn hindered(&self, id: &str) -> Option<&'static str> {
        let metric = Catalogue::get().metric(id)?;
        self.ask.filters.iter().find_map(|filter| hinders(metric, filter))
    }

    fn available<'b>(&self, ids: &[&'b str]) -> Vec<&'b str> {
        ids.iter().copied().filter(|id| self.hindered(id).is_none()).collect()
    }

    fn by_grain(&self, id: &str) -> bool {
        let metric = Catalogue::get().metric(id);
        let hourly = |m: &Metric| self.grain != Grain::Hour || has(&m.formula(false), Dim::Hour);
        self.hindered(id).is_none() && metric.is_some_and(hourly)
    }

    /// A plan of those metrics that the filters allow; none where they allow none.
    fn plan(&mut self, ids: &[&str], widen: impl FnOnce(Query) -> Query) -> Result<Option<Plan>> {
        for id in ids {
            if let Some(dim) = self.hindered(id)
                && !self.left_out.iter().any(|(known, _)| known == id)
            {
                self.left_out.push(((*id).to_owned(), dim));
            }
        }
        let metrics = self.available(ids);
        if metrics.is_empty() {
            return Ok(None);
        }
        let query = Query {
            filters: self.ask.filters.clone(),
            compare: self.ask.compare.clone(),
            attribution_model: Some(self.ask.model),
            params: self.ask.params.clone(),
            ..Query::of(&metrics, self.ask.time.clone())
        };
        let query = widen(query);
        let by = query.order.as_ref().map(|order| order.by.clone());
        let query =
            if by.is_some_and(|by| !metrics.contains(&by.as_str())) { Query { order: None, ..query } } else { query };
        let plan = Plan::new(&query, self.frame.clone())?;
        debug_assert!(query.grain.is_none() || plan.keys.first() == query.grain.map(Key::Bucket).as_ref());
        Ok(Some(plan))
    }

    fn notes(&self) -> Vec<Note> {
        let mut by_dim: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
        for (id, dim) in &self.left_out {
            by_dim.entry(dim).or_default().push(id);
        }
        let sentence = |(dim, ids): (&str, Vec<&str>)| Note {
            code: "not_under_filter".to_owned(),
            text: format!("Not known by {dim}, and left out while it is filtered: {}.", ids.join(", ")),
        };
        by_dim.into_iter().map(sentence).collect()
    }
}

fn hinders(metric: &Metric, filter: &Filter) -> Option<&'static str> {
    if filter.dim == "order_value" {
        return (!has(&metric.formula(false), Dim::Discounted)).then_some("order_value");
    }
    let dim = Dim::parse(&filter.dim)?;
    (!has(&metric.formula(dim.is_of_ads()), dim)).then_some(dim.id())
}
