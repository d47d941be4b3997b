import type { CohortCell, CohortGrid } from "../../api/types";
import { csvOf } from "../../format/csv";
import { formatFigure } from "../../format/number";
import { customers as text } from "../../messages/customers";
import { Card } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { Segmented } from "../../ui/Field";
import { ScrollBox } from "../../ui/ScrollBox";
import { CardMenu } from "../dashboard/CardMenu";
import { saveCsv } from "../dashboard/MainChart";
import { cohortLabel, cohortTitle, figureOf, levelOf, spanOf, styleOf } from "./heat";
import { type Basis, type CustomersSearch, type Grain, MEASURES, type Measure } from "./search";

const HEAD = "border-b border-line px-2.5 py-1.5 text-right text-xs font-medium whitespace-nowrap text-ink-mute";
const NAME = "sticky left-0 z-10 bg-surface px-2.5 py-1.5 pl-4 text-left font-medium whitespace-nowrap sm:pl-5";
const CELL = "px-2.5 py-1.5 text-right whitespace-nowrap";

/** A row a cohort, a column an age. The columns about the cohort as a whole stand before the ages. */
export function Grid({
  data,
  search,
  onChange,
}: {
  data: CohortGrid;
  search: CustomersSearch;
  onChange: (next: CustomersSearch) => void;
}) {
  const measure = search.measure ?? "ltv";
  const ages = Math.max(...data.cohorts.map((row) => row.cells.length));
  const span = spanOf(data, measure);
  const age = text.age[data.grain];
  const currency = { unit: "money" as const, currency: data.currency };
  const heads = Array.from({ length: ages }, (_, at) => at);
  const paid = ({ state, periods }: CohortGrid["totals"]["payback"]) =>
    periods === null || periods === undefined ? text.paybackStates[state] : text.paybackIn[data.grain](periods);
  return (
    <Card
      title={text.grid}
      lead={text.gridLead}
      testId="cohorts"
      actions={<CardMenu title={text.grid} onCsv={() => download(data)} />}
    >
      <Switches data={data} measure={measure} onChange={onChange} />
      <ScrollBox label={text.grid} className="relative">
        <table data-testid="table-cohorts" className="w-full border-separate border-spacing-0 text-sm">
          <thead>
            <tr>
              <th scope="col" className={cx(HEAD, "sticky left-0 z-20 bg-surface pl-4 text-left sm:pl-5")}>
                {text.cohort}
              </th>
              <th scope="col" className={HEAD}>
                {text.of}
              </th>
              <th scope="col" className={HEAD}>
                <span title={text.cacTitle}>{text.cac}</span>
              </th>
              <th scope="col" className={HEAD}>
                <span title={text.paybackTitle}>{text.payback}</span>
              </th>
              {heads.map((at) => (
                <th key={at} scope="col" className={HEAD}>
                  {age(at)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.cohorts.map((row) => (
              <tr key={row.cohort} data-cohort={row.cohort}>
                <th scope="row" title={cohortTitle(data, row.start)} className={NAME}>
                  {cohortLabel(data, row.start)}
                </th>
                <td className={CELL}>{formatFigure(row.customers, { unit: "count" })}</td>
                <td className={cx(CELL, "text-ink-soft")}>{formatFigure(row.cac, currency)}</td>
                <td className={cx(CELL, "text-ink-soft")}>{row.customers > 0 ? paid(row.payback) : "–"}</td>
                {row.cells.map((cell) => (
                  <Heat
                    key={cell.age}
                    cell={cell}
                    measure={measure}
                    currency={data.currency}
                    level={row.customers === 0 ? 0 : levelOf(cell, measure, span)}
                    empty={row.customers === 0}
                    paid={row.payback_age === cell.age}
                  />
                ))}
                {row.cells.length < ages && <td colSpan={ages - row.cells.length} />}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr data-cohort="all" className="font-semibold">
              <th scope="row" title={text.allTitle} className={cx(NAME, "border-t border-line font-semibold")}>
                {text.all}
              </th>
              <td className={cx(CELL, "border-t border-line")}>
                {formatFigure(data.totals.customers, { unit: "count" })}
              </td>
              <td className={cx(CELL, "border-t border-line")}>{formatFigure(data.totals.cac, currency)}</td>
              <td className={cx(CELL, "border-t border-line")}>{paid(data.totals.payback)}</td>
              {heads.map((at) => {
                const cell = data.totals.cells[at];
                const value = cell && cell.of_customers > 0 ? figureOf(cell, measure) : null;
                return (
                  <td key={at} data-value={value ?? ""} className={cx(CELL, "border-t border-line")}>
                    {formatFigure(value, { ...styleOf(measure, data.currency), compact: true })}
                  </td>
                );
              })}
            </tr>
          </tfoot>
        </table>
      </ScrollBox>
      <p className="flex flex-wrap gap-x-4 gap-y-1 px-4 py-3 text-xs text-ink-mute sm:px-5">
        <span className="flex items-center gap-1.5">
          <span className="heat size-3 rounded-sm border border-line" data-sofar="true" aria-hidden="true" />
          {text.legendSoFar}
        </span>
        <span className="flex items-center gap-1.5">
          <span className="heat size-3 rounded-sm" data-paid="true" aria-hidden="true" />
          {text.legendPaid}
        </span>
      </p>
    </Card>
  );
}

function Heat({
  cell,
  measure,
  currency,
  level,
  empty,
  paid,
}: {
  cell: CohortCell;
  measure: Measure;
  currency: string;
  level: number;
  empty: boolean;
  paid: boolean;
}) {
  const value = empty ? null : figureOf(cell, measure);
  const style = styleOf(measure, currency);
  return (
    <td
      data-value={value ?? ""}
      data-heat={level}
      data-sofar={!cell.complete}
      data-paid={paid}
      title={formatFigure(value, style)}
      className={cx("heat", CELL, !cell.complete && "text-ink-soft")}
    >
      {formatFigure(value, { ...style, compact: true })}
      {!cell.complete && <span className="sr-only"> {text.soFar}</span>}
      {paid && <span className="sr-only"> {text.paidBack}</span>}
    </td>
  );
}

function Switches({
  data,
  measure,
  onChange,
}: {
  data: CohortGrid;
  measure: Measure;
  onChange: (next: CustomersSearch) => void;
}) {
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 pb-3 sm:px-5">
      <label className="sr-only" htmlFor="measure">
        {text.measure}
      </label>
      <select
        id="measure"
        value={measure}
        onChange={(event) => onChange({ measure: event.target.value as Measure })}
        className="field w-auto border-line font-medium"
      >
        {MEASURES.map((one) => (
          <option key={one} value={one}>
            {text.measures[one]}
          </option>
        ))}
      </select>
      <Segmented<Basis>
        label={text.basis}
        value={data.basis as Basis}
        onChange={(basis) => onChange({ basis })}
        choices={[
          { value: "gross_profit", label: text.bases.gross_profit },
          { value: "net_sales", label: text.bases.net_sales },
          { value: "contribution_margin", label: text.bases.contribution_margin },
        ]}
      />
      <Segmented<Grain>
        label={text.grain}
        value={data.grain}
        onChange={(grain) => onChange({ grain })}
        choices={[
          { value: "month", label: text.grains.month },
          { value: "week", label: text.grains.week },
        ]}
      />
    </div>
  );
}

/** The same columns and rows as the file of the API. */
function download(data: CohortGrid): void {
  const header = ["cohort", "age", "complete", "cohort_customers", "customers", "orders", "net_sales", "gross_profit"];
  header.push("value", "ltv", "retention", "ltv_cac", "ad_spend", "cac", "payback_age");
  header.push("contribution_margin", "payback_periods");
  const rows = data.cohorts.flatMap((row) =>
    row.cells.map((cell) => [
      row.cohort,
      cell.age,
      String(cell.complete),
      row.customers,
      cell.customers,
      cell.orders,
      cell.net_sales,
      cell.gross_profit,
      cell.value,
      cell.ltv,
      cell.retention,
      cell.ltv_cac,
      row.ad_spend,
      row.cac,
      row.payback_age,
      cell.contribution_margin,
      row.payback.periods,
    ]),
  );
  saveCsv(`${data.brand.slug}-cohorts-${data.window.start}-${data.window.end}.csv`, csvOf(header, rows));
}
