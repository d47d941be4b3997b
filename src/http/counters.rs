//! Latency and outcome per route, in memory, without a lock on the way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};

/// Upper bounds of the latency buckets, in microseconds; one more bucket takes the rest.
pub const BOUNDS_MICROS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];

const METHODS: [Method; 6] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];
/// Requests whose route is none of the table's: pages and static files, and everything else.
const ELSEWHERE: &str = "(elsewhere)";

/// The counters of one server.
#[derive(Clone, Default)]
pub struct Counters(Arc<OnceLock<Cells>>);

/// By the path of a route: a cell for each method, and one for all others.
type Cells = HashMap<Box<str>, [Cell; METHODS.len() + 1]>;

#[derive(Default)]
struct Cell {
    classes: [AtomicU64; 5],
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    micros: AtomicU64,
    panics: AtomicU64,
}

/// What was counted for one method of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteFigures {
    /// The route's path as the table has it.
    pub path: String,
    /// The method; `None` for one that no route takes.
    pub method: Option<&'static str>,
    /// Answers of 1xx to 5xx.
    pub classes: [u64; 5],
    /// Answers by latency: as `BOUNDS_MICROS`, and the rest.
    pub buckets: [u64; BOUNDS_MICROS.len() + 1],
    /// All latencies together, in microseconds.
    pub micros: u64,
    /// Handlers that panicked.
    pub panics: u64,
}

impl Counters {
    /// Says which paths will be counted; everything else is counted together. The first call decides.
    pub fn expect<'a>(&self, paths: impl IntoIterator<Item = &'a str>) {
        let all = paths.into_iter().chain([ELSEWHERE]);
        self.0.get_or_init(|| all.map(|path| (path.into(), Default::default())).collect());
    }

    /// Counts one answer.
    pub fn count(&self, path: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        let Some(cell) = self.cell(path, method) else { return };
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        cell.classes[class].fetch_add(1, Relaxed);
        cell.buckets[BOUNDS_MICROS.partition_point(|bound| *bound < micros)].fetch_add(1, Relaxed);
        cell.micros.fetch_add(micros, Relaxed);
    }

    /// Counts a handler that panicked; its 500 is counted as any other.
    pub fn count_panic(&self, path: Option<&str>, method: &Method) {
        if let Some(cell) = self.cell(path, method) {
            cell.panics.fetch_add(1, Relaxed);
        }
    }

    /// All that was counted, routes without a request left out, in order of path and method.
    pub fn figures(&self) -> Vec<RouteFigures> {
        let cells = self.0.get().into_iter().flatten();
        let mut all: Vec<_> = cells
            .flat_map(|(path, cells)| cells.iter().enumerate().map(move |(i, c)| (path, i, c)))
            .map(|(path, i, cell)| RouteFigures {
                path: path.to_string(),
                method: METHODS.get(i).map(Method::as_str).and_then(known),
                classes: cell.classes.each_ref().map(|n| n.load(Relaxed)),
                buckets: cell.buckets.each_ref().map(|n| n.load(Relaxed)),
                micros: cell.micros.load(Relaxed),
                panics: cell.panics.load(Relaxed),
            })
            .filter(|figures| figures.buckets.iter().any(|n| *n > 0))
            .collect();
        all.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
        all
    }

    fn cell(&self, path: Option<&str>, method: &Method) -> Option<&Cell> {
        let known = self.0.get()?;
        let cells = path.and_then(|path| known.get(path)).or_else(|| known.get(ELSEWHERE))?;
        cells.get(METHODS.iter().position(|m| m == method).unwrap_or(METHODS.len()))
    }
}

fn known(method: &str) -> Option<&'static str> {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].into_iter().find(|m| *m == method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_route_method_and_class() {
        let counters = Counters::default();
        counters.expect(["/api/brands"]);
        counters.count(Some("/api/brands"), &Method::GET, StatusCode::OK, Duration::from_micros(300));
        counters.count(Some("/api/brands"), &Method::GET, StatusCode::TOO_MANY_REQUESTS, Duration::from_secs(100));
        counters.count(None, &Method::TRACE, StatusCode::NOT_FOUND, Duration::ZERO);
        let figures = counters.figures();
        assert_eq!(figures.len(), 2);
        assert_eq!(
            (figures[0].path.as_str(), figures[0].method, figures[0].classes),
            (ELSEWHERE, None, [0, 0, 0, 1, 0])
        );
        assert_eq!(
            (figures[1].method, figures[1].classes, figures[1].micros),
            (Some("GET"), [0, 1, 0, 1, 0], 100_000_300)
        );
        assert_eq!((figures[1].buckets[1], figures[1].buckets[BOUNDS_MICROS.len()]), (1, 1));
    }
}
