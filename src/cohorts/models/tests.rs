//! The models against published numbers: Fader, Hardie and Lee's on CDNOW, as two independent packages print them.

use super::*;

/// The file's histories and mean values; nothing, said aloud, where it is not there. Weeks go back to the days they were.
fn cdnow() -> Option<Vec<(History, f64)>> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = "shared/data/cdnow_customers_summary_with_transactions.csv";
    let Some(path) = ["..", "../.."].iter().map(|to| here.join(to).join(name)).find(|path| path.exists()) else {
        eprintln!("skipped: ../{name} is not there");
        return None;
    };
    let text = std::fs::read_to_string(path).expect("the file");
    let days = |weeks: f64| (weeks * 7.0).round() / 7.0;
    let row = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        (History { repeats: cells[1] as u32, last: days(cells[2]), age: days(cells[3]) }, cells[4])
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn once(rows: &[(History, f64)]) -> Vec<(History, f64)> {
    rows.iter().map(|(history, _)| (*history, 1.0)).collect()
}

fn close(found: f64, expected: f64, within: f64, what: &str) {
    assert!((found - expected).abs() <= within * expected.abs(), "{what}: {found}, not {expected}");
}

#[test]
fn bg_nbd_on_cdnow() {
    let Some(rows) = cdnow() else { return };
    let histories = once(&rows);
    let fit = BgNbd::fit(&histories);
    let model = fit.model;
    assert!(fit.converged);
    for (found, expected, what) in
        [(model.r, 0.24259, "r"), (model.alpha, 4.41353, "alpha"), (model.a, 0.79289, "a"), (model.b, 2.42575, "b")]
    {
        close(found, expected, 1e-3, what);
    }
    close(fit.log_likelihood, -9582.4256, 1e-5, "log-likelihood");
    let published = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    close(published.log_likelihood(&histories), -9582.4268, 1e-5, "log-likelihood at the published parameters");
    for (weeks, expected) in
        [(1.0, 0.053_185), (4.0, 0.195_766), (13.0, 0.533_640), (26.0, 0.901_323), (39.0, 1.195_016), (52.0, 1.444_021)]
    {
        close(model.expected_of_new(weeks).expect("converges"), expected, 1e-3, "E[X(t)]");
    }
    let sum: f64 = rows.iter().map(|(history, _)| model.expected(history, 39.0).expect("converges")).sum();
    close(sum, 1_653.423, 1e-3, "purchases of the next 39 weeks");
    let alive: f64 = rows.iter().map(|(history, _)| model.alive(history)).sum();
    close(alive / rows.len() as f64, 0.813_439, 1e-3, "P(alive)");
}

#[test]
fn gamma_gamma_and_lifetime_value_on_cdnow() {
    let Some(rows) = cdnow() else { return };
    let spent =
        |history: &History, mean: f64| (history.repeats > 0).then_some(Spent { repeats: history.repeats, mean });
    let all: Vec<Spent> = rows.iter().filter_map(|(history, mean)| spent(history, *mean)).collect();
    assert_eq!(all.len(), 946);
    let (model, converged) = GammaGamma::fit(&all);
    assert!(converged);
    for (found, expected, what) in [(model.p, 6.2488, "p"), (model.q, 3.7446, "q"), (model.v, 15.4477, "v")] {
        close(found, expected, 1e-3, what);
    }
    let mean = |(history, mean): &(History, f64)| model.expected(spent(history, *mean));
    close(rows.iter().map(mean).sum::<f64>() / rows.len() as f64, 35.2530, 1e-3, "mean value");
    let buying = BgNbd::fit(&once(&rows)).model;
    let value = |row: &(History, f64)| {
        let (mut sum, mut before) = (0.0, 0.0);
        for month in 1..=12 {
            let until = buying.expected(&row.0, f64::from(month) * 4.345).expect("converges");
            sum += (until - before) * mean(row) / 1.01_f64.powi(month);
            before = until;
        }
        sum
    };
    let values: Vec<f64> = rows.iter().map(value).collect();
    close(values.iter().sum(), 71_509.90, 1e-3, "lifetime value");
    for (found, expected) in values.iter().zip([36.2785, 4.6375, 8.3441, 8.3441, 8.3441]) {
        close(*found, expected, 1e-3, "lifetime value of one");
    }
}

#[test]
fn equal_histories_may_be_counted_together() {
    let one = History { repeats: 2, last: 10.0, age: 20.0 };
    let other = History { repeats: 0, last: 0.0, age: 5.0 };
    let model = BgNbd { r: 0.5, alpha: 6.0, a: 0.9, b: 1.6 };
    let apart = model.log_likelihood(&[(one, 1.0), (other, 1.0), (one, 1.0), (one, 1.0)]);
    close(model.log_likelihood(&[(one, 3.0), (other, 1.0)]), apart, 1e-12, "log-likelihood");
}

#[test]
fn expectations_are_finite_and_grow_with_time() {
    for a in [0.3, 1.0, 2.5] {
        let model = BgNbd { r: 0.5, alpha: 6.0, a, b: 1.6 };
        for history in [
            History { repeats: 0, last: 0.0, age: 0.0 },
            History { repeats: 0, last: 0.0, age: 500.0 },
            History { repeats: 1, last: 500.0, age: 500.0 },
            History { repeats: 4_000, last: 1_000.0, age: 1_000.0 },
        ] {
            let within = [0.0, 1.0, 13.0, 104.0].map(|weeks| model.expected(&history, weeks).expect("converges"));
            assert!(within.is_sorted() && within[0] == 0.0 && within[3] > 0.0, "{history:?}: {within:?}");
        }
    }
}
