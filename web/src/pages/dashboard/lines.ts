/** From the answer of the dashboard route to what the charts draw. */
import type { Dashboard, Grain, Kpi } from "../../api/types";
import type { ChartBucket, ChartLine } from "../../charts/model";
import { bucketLabel, bucketTitle } from "../../format/date";
import { deltaOf } from "../../format/delta";
import { formatChange, formatFigure, toNumber } from "../../format/number";
import { t } from "../../messages/en";

function bucketOf(at: string, previous: string | null | undefined, partial: boolean, grain: Grain): ChartBucket {
  return {
    t: at,
    label: bucketLabel(at, grain),
    title: bucketTitle(at, grain),
    previousTitle: previous ? bucketTitle(previous, grain) : null,
    partial,
  };
}

export function mainBuckets(data: Dashboard): ChartBucket[] {
  return data.series.map((bucket) => bucketOf(bucket.t, bucket.previous_t, bucket.partial, data.grain));
}

export function customerBuckets(data: Dashboard): ChartBucket[] {
  return data.customers.series.map((bucket) => bucketOf(bucket.t, null, bucket.partial, data.grain));
}

function lineOf(data: Dashboard, id: string, colour: string, compared: boolean): ChartLine | null {
  const kpi = data.kpis.find((one) => one.id === id);
  if (!kpi) return null;
  const own = new Map(kpi.series.map((point) => [point.t, point]));
  const previous = data.series.map((bucket) => bucket.previous?.[id] ?? own.get(bucket.t)?.previous);
  return {
    id,
    label: kpi.label,
    style: { unit: kpi.unit, currency: kpi.currency ?? data.brand.currency },
    colour,
    values: data.series.map((bucket) => bucket.values[id] ?? own.get(bucket.t)?.value ?? null),
    previous: compared && data.compare && previous.some((value) => toNumber(value) !== null) ? previous : null,
  };
}

const present = (line: ChartLine | null): line is ChartLine => line !== null;

/** Sales and spend share an axis with their ratio under them; any other figure stands alone. */
export function mainLines(data: Dashboard, metric: string): { lines: ChartLine[]; strip: ChartLine | null } {
  if (metric !== "net_sales") return { lines: [lineOf(data, metric, "series-1", true)].filter(present), strip: null };
  const spend = lineOf(data, "ad_spend", "series-2", false);
  const spent = spend?.values.some((value) => (toNumber(value) ?? 0) !== 0) ?? false;
  return {
    lines: [lineOf(data, "net_sales", "series-1", true), spent ? spend : null].filter(present),
    strip: spent ? lineOf(data, "mer_ratio", "series-4", false) : null,
  };
}

/** The chart in one sentence: total, change, best finished bucket. */
export function summaryOf(data: Dashboard, kpi: Kpi): string {
  const style = { unit: kpi.unit, currency: kpi.currency ?? data.brand.currency, compact: true };
  const parts = [`${kpi.label} ${formatFigure(kpi.value, style)}`];
  const delta = deltaOf(kpi);
  if (data.compare && delta.glyph) {
    const word = { up: "up", down: "down", flat: "about level," }[kpi.direction ?? "flat"];
    parts.push(`${word} ${delta.relative.replace(/^[+-−]/, "")} on the comparison`);
  }
  let best: { t: string; value: number } | null = null;
  for (const bucket of data.series) {
    const value = toNumber(bucket.values[kpi.id] ?? kpi.series.find((point) => point.t === bucket.t)?.value);
    if (!bucket.partial && value !== null && (best === null || value > best.value)) best = { t: bucket.t, value };
  }
  let text = parts.join(", ");
  if (best && data.series.length > 2) {
    const figure = formatFigure(best.value, style);
    text +=
      kpi.good_when === "down"
        ? `; highest ${bucketTitle(best.t, data.grain)} (${figure})`
        : `; best ${bucketTitle(best.t, data.grain)} (${figure})`;
  }
  return `${text}.`;
}

export function customerLines(data: Dashboard, by: "count" | "sales"): ChartLine[] {
  const style = by === "sales" ? { unit: "money" as const, currency: data.brand.currency } : { unit: "count" as const };
  const pick =
    by === "sales" ? (["new_sales", "returning_sales"] as const) : (["new_customers", "returning_customers"] as const);
  return [
    {
      id: pick[0],
      label: t.dashboard.newCustomers,
      style,
      colour: "series-1",
      values: data.customers.series.map((one) => one[pick[0]]),
    },
    {
      id: pick[1],
      label: t.dashboard.returningCustomers,
      style,
      colour: "series-4",
      values: data.customers.series.map((one) => one[pick[1]]),
    },
  ];
}

export function customerSummary(data: Dashboard, by: "count" | "sales"): string {
  const { customers } = data;
  const style =
    by === "sales"
      ? { unit: "money" as const, currency: data.brand.currency, compact: true }
      : { unit: "count" as const };
  const [fresh, back] =
    by === "sales"
      ? [customers.new_sales, customers.returning_sales]
      : [customers.new_customers, customers.returning_customers];
  const [a, b] = [toNumber(fresh) ?? 0, toNumber(back) ?? 0];
  const share = a + b > 0 ? ` (${formatChange(b / (a + b)).replace("+", "")} returning)` : "";
  return `${formatFigure(fresh, style)} new, ${formatFigure(back, style)} returning${share}.`;
}
