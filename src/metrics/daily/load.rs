//! Reads rollups and buyers from the warehouse, with the compiler's own words for every dimension and measure.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow};

use super::adding::{Rollup, Values};
use super::people::Buyers;
use super::{Whose, held_dims};
use crate::duck::Connection;
use crate::duck::arrow::array::{Array, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use crate::error::Result;
use crate::metrics::columns::{self, Join};
use crate::metrics::facts::{Family, Measure, Source};
use crate::metrics::sql::own_rows;

/// Columns before those of the dimensions: the day, whether there are sales, whether there are refunds.
const FIXED: usize = 3;

/// All days of a brand in one rollup.
pub fn rollup(conn: &Connection, whose: &Whose, source: Source) -> Result<Rollup> {
    let measures: Vec<Measure> = Measure::ALL.iter().copied().filter(|m| source.knows(*m)).collect();
    let dims = held_dims(source);
    let mut rollup = Rollup {
        dims: dims.iter().map(|dim| (*dim, Values::default())).collect(),
        measures: measures.iter().map(|measure| (*measure, Vec::new())).collect(),
        ..Rollup::default()
    };
    let mut combinations = Combinations { numbers: vec![HashMap::new(); dims.len()], groups: HashMap::new() };
    let mut select = conn.prepare(&statement(source, &measures)).context("reading a rollup")?;
    let params = duckdb::params![whose.brand_id, whose.currency.code()];
    for batch in select.stream_arrow(params).context("reading a rollup")? {
        let batch = batch.context("reading a rollup")?;
        take(&mut rollup, &mut combinations, &batch)?;
    }
    Ok(rollup)
}

/// Who bought on which day.
pub fn buyers(conn: &Connection, whose: &Whose) -> Result<Buyers> {
    let mut select = conn
        .prepare(
            "select day, customer_id from fact_orders where brand_id = $1 and customer_id is not null \
             group by day, customer_id order by day",
        )
        .context("reading who bought")?;
    let mut buyers = Buyers::default();
    for batch in select.stream_arrow([whose.brand_id]).context("reading who bought")? {
        let batch = batch.context("reading who bought")?;
        buyers.days.extend_from_slice(column::<Date32Array>(&batch, 0)?.values());
        buyers.customers.extend_from_slice(column::<Int32Array>(&batch, 1)?.values());
    }
    Ok(buyers)
}

fn statement(source: Source, measures: &[Measure]) -> String {
    let alias = source.alias();
    let mut joins: Vec<Join> = Vec::new();
    let mut selected = vec![format!("{alias}.day")];
    for family in [Family::Sales, Family::Refunds] {
        let condition = own_rows(source, family).unwrap_or("true");
        selected.push(format!("coalesce({condition}, false)"));
    }
    for dim in held_dims(source) {
        if let Some(column) = columns::column(source, *dim) {
            joins.extend(column.joins);
            selected.push(column.key);
        }
    }
    for measure in measures {
        joins.extend(columns::measure_joins(source, *measure));
        let row = source.row(*measure).unwrap_or("0").replace("$currency", "$2");
        selected.push(format!("coalesce({row}, 0)::bigint"));
    }
    joins.sort_unstable();
    joins.dedup();
    let joins: String = joins.into_iter().map(|join| columns::join(source, join)).collect();
    // The currency is asked for by every rollup, but not every brand's rows need it.
    format!(
        "select {} from {} {alias}{joins} where {alias}.brand_id = $1 and $2::varchar is not null order by 1",
        selected.join(", "),
        source.id()
    )
}

/// Which combinations of values have been met.
struct Combinations {
    /// The number of each value, by dimension.
    numbers: Vec<HashMap<Option<String>, u32>>,
    groups: HashMap<Vec<u32>, u32>,
}

fn take(rollup: &mut Rollup, combinations: &mut Combinations, batch: &RecordBatch) -> Result<()> {
    rollup.days.extend_from_slice(column::<Date32Array>(batch, 0)?.values());
    let (sells, refunds) = (column::<BooleanArray>(batch, 1)?, column::<BooleanArray>(batch, 2)?);
    rollup.has.extend((0..batch.num_rows()).map(|row| [sells.value(row), refunds.value(row)]));
    let dims = rollup.dims.len();
    let texts = (0..dims).map(|i| column::<StringArray>(batch, FIXED + i)).collect::<Result<Vec<_>>>()?;
    let mut values = vec![0; dims];
    for row in 0..batch.num_rows() {
        for (i, texts) in texts.iter().enumerate() {
            let text = texts.is_valid(row).then(|| texts.value(row));
            values[i] = combinations.number(i, text, &mut rollup.dims[i].1)?;
        }
        let next = u32::try_from(combinations.groups.len()).context("counting combinations")?;
        let group = match combinations.groups.get(&values) {
            Some(group) => *group,
            None => {
                combinations.groups.insert(values.clone(), next);
                for ((_, of), value) in rollup.dims.iter_mut().zip(&values) {
                    of.of_group.push(*value);
                }
                next
            }
        };
        rollup.groups.push(group);
    }
    for (i, (_, sums)) in rollup.measures.iter_mut().enumerate() {
        sums.extend_from_slice(column::<Int64Array>(batch, FIXED + dims + i)?.values());
    }
    Ok(())
}

impl Combinations {
    fn number(&mut self, dim: usize, text: Option<&str>, values: &mut Values) -> Result<u32> {
        // A map of owned keys cannot be asked with a borrowed option: the copy is short, and made once a row at most.
        let text = text.map(str::to_owned);
        if let Some(number) = self.numbers[dim].get(&text) {
            return Ok(*number);
        }
        let number = u32::try_from(values.known.len()).context("counting values")?;
        values.known.push(text.clone());
        self.numbers[dim].insert(text, number);
        Ok(number)
    }
}

fn column<T: Array + 'static>(batch: &RecordBatch, at: usize) -> Result<&T> {
    let found = batch.columns().get(at).and_then(|column| column.as_any().downcast_ref::<T>());
    found.ok_or_else(|| anyhow!("column {at} of a rollup has another type").into())
}
