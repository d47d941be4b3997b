//! Rounds the rows of a table so that what is shown of them adds up to what is shown of the whole.

use serde_json::Value as Json;

use crate::metrics::answer::Table;
use crate::metrics::catalogue::Unit;
use crate::metrics::exact::Exact;
use crate::money::format_micros;

/// Each value rounded down, and the units that are missing given to those that lost most (of equals, to those whose names come
/// first, so that the order of rows makes no difference). Values that do not add up to the whole, by more than rounding takes away,
/// are rounded one by one.
pub fn adding_up(names: &[String], values: &[Exact], whole: Exact, decimals: u32) -> Vec<String> {
    let decimals = decimals.min(6);
    let unit = 10_i128.pow(6 - decimals);
    let scaled: Vec<Exact> = values.iter().map(|value| value.times(Exact::whole(10_i128.pow(decimals)))).collect();
    let mut units: Vec<i128> = scaled.iter().map(|value| value.floor()).collect();
    let missing = whole.times(Exact::whole(10_i128.pow(decimals))).rounded() - units.iter().sum::<i128>();
    let Some(missing) = usize::try_from(missing).ok().filter(|missing| *missing <= values.len()) else {
        return values.iter().map(|value| value.text(decimals)).collect();
    };
    let mut order: Vec<usize> = (0..values.len()).collect();
    let lost = |at: usize| scaled[at].minus(Exact::whole(units[at]));
    let losses: Vec<Exact> = order.iter().map(|at| lost(*at)).collect();
    order.sort_by(|a, b| losses[*b].cmp(&losses[*a]).then_with(|| names[*a].cmp(&names[*b])));
    for at in order.into_iter().take(missing) {
        units[at] += 1;
    }
    units.into_iter().map(|units| format_micros(units * unit, decimals)).collect()
}

/// Shows attributed money so that the rows of a whole table add up to its totals. All other money is in whole cents already,
/// or converted row by row.
pub fn add_up(table: &Table<'_>, rows: &mut [Vec<Json>]) {
    let plan = table.plan();
    if !plan.is_credited() || table.truncated || plan.offset > 0 || !plan.having.is_empty() {
        return;
    }
    let keys = |row: &Vec<Json>| row[..plan.keys.len()].iter().map(Json::to_string).collect::<Vec<_>>().join(" ");
    let names: Vec<String> = rows.iter().map(keys).collect();
    let width = if plan.previous.is_some() { 4 } else { 1 };
    for (at, asked) in plan.metrics.iter().enumerate() {
        if asked.metric.unit != Unit::Money || !asked.formula.is_credited() || !asked.formula.bottom.is_empty() {
            continue;
        }
        let first = plan.keys.len() + at * width;
        let (now, before) = table.totals().figures(at);
        let columns: Vec<_> = table.lines().map(|line| line.figures(at)).collect();
        let of_now = (first, now, columns.iter().map(|(now, _)| *now).collect::<Option<Vec<_>>>());
        let of_before = (first + 1, before, columns.iter().map(|(_, before)| *before).collect());
        for (place, whole, values) in [of_now, of_before].into_iter().take(width.min(2)) {
            let (Some(whole), Some(values)) = (whole, values) else { continue };
            let shown = adding_up(&names, &values, whole, plan.frame.currency.decimals());
            for (row, text) in rows.iter_mut().zip(shown) {
                row[place] = Json::from(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn third(of: i128) -> Exact {
        Exact::new(of, 3).expect("a third")
    }

    fn named(names: &[&str], values: &[Exact], whole: i128) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        adding_up(&names, values, Exact::whole(whole), 2)
    }

    #[test]
    fn rows_add_up_to_the_whole() {
        assert_eq!(named(&["c", "b", "a"], &[third(100), third(100), third(100)], 100), ["33.33", "33.33", "33.34"]);
        assert_eq!(named(&["a", "b"], &[third(-1), third(4)], 1), ["-0.33", "1.33"]);
        assert_eq!(named(&[], &[], 0), Vec::<String>::new());
    }

    #[test]
    fn rows_of_another_whole_are_rounded_one_by_one() {
        assert_eq!(named(&["a", "b"], &[third(2), third(2)], 7), ["0.67", "0.67"]);
    }
}
