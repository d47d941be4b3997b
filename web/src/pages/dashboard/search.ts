/** The dashboard's state in the address: parsed strictly, defaults left out, anything wrong replaced and reported. */
import * as v from "valibot";
import type { DashboardParams } from "../../api/queries";
import { isDay } from "../../format/date";

export const RANGES = [
  "today",
  "yesterday",
  "7d",
  "28d",
  "30d",
  "90d",
  "mtd",
  "last_month",
  "qtd",
  "ytd",
  "12m",
  "custom",
] as const;
export const COMPARISONS = ["prev", "yoy", "none", "custom"] as const;
export const GRAINS = ["hour", "day", "week", "month"] as const;
export const KPI_IDS = [
  "net_sales",
  "orders",
  "aov",
  "new_customers",
  "ad_spend",
  "mer_ratio",
  "ncac",
  "contribution_margin",
] as const;
export const MODELS = [
  "first_touch",
  "last_touch",
  "last_non_direct",
  "linear",
  "position_based",
  "time_decay",
  "markov",
  "shapley",
] as const;
const OPERATORS = "eq|neq|in|not_in|gt|gte|lt|lte|between|contains|not_contains|is_null";

export type Range = (typeof RANGES)[number];
export type Comparison = (typeof COMPARISONS)[number];
export type KpiId = (typeof KPI_IDS)[number];

const day = v.custom<string>(isDay);
const filter = v.pipe(v.string(), v.regex(new RegExp(`^[a-z_]+:(${OPERATORS}):`)));

/** One schema per parameter: a bad one falls alone. */
const FIELDS = {
  range: v.picklist(RANGES),
  from: day,
  to: day,
  cmp: v.picklist(COMPARISONS),
  cmp_from: day,
  cmp_to: day,
  match: v.picklist(["dow", "date"] as const),
  grain: v.picklist(GRAINS),
  metric: v.picklist(KPI_IDS),
  model: v.picklist(MODELS),
  f: v.array(filter),
} as const;

export interface DashboardSearch {
  range?: Range;
  from?: string;
  to?: string;
  cmp?: Comparison;
  cmp_from?: string;
  cmp_to?: string;
  match?: "dow" | "date";
  grain?: (typeof GRAINS)[number];
  metric?: KpiId;
  model?: (typeof MODELS)[number];
  f?: string[];
}

export const DEFAULTS = { range: "30d", cmp: "prev", match: "dow", metric: "net_sales", model: "last_touch" } as const;

/** What the address says, and the names of the parameters that made no sense. */
export function readSearch(raw: Record<string, unknown>): { search: DashboardSearch; rejected: string[] } {
  const search: Record<string, unknown> = {};
  const rejected: string[] = [];
  for (const [key, schema] of Object.entries(FIELDS)) {
    if (raw[key] === undefined) continue;
    const value = key === "f" && !Array.isArray(raw[key]) ? [raw[key]] : raw[key];
    const parsed = v.safeParse(schema, value);
    if (!parsed.success) rejected.push(key);
    else if (parsed.output !== DEFAULTS[key as keyof typeof DEFAULTS]) search[key] = parsed.output;
  }
  dropHalfWindow(search, rejected, "range", "from", "to");
  dropHalfWindow(search, rejected, "cmp", "cmp_from", "cmp_to");
  return { search: search as DashboardSearch, rejected };
}

/** For the router, which keeps whatever a validator does not name: what was rejected is named as absent. */
export function strictSearch(raw: Record<string, unknown>): DashboardSearch {
  const absent = Object.fromEntries(Object.keys(FIELDS).map((key) => [key, undefined]));
  return { ...absent, ...readSearch(raw).search };
}

/** A custom window needs both ends in order; ends without `custom` mean nothing. */
function dropHalfWindow(search: Record<string, unknown>, rejected: string[], kind: string, from: string, to: string) {
  const custom = search[kind] === "custom";
  const [start, end] = [search[from], search[to]] as [string | undefined, string | undefined];
  if (custom && start && end && start < end) return;
  if (custom) {
    delete search[kind];
    rejected.push(kind);
  }
  delete search[from];
  delete search[to];
}

/** The parameters that change the figures; the chosen tile does not, all eight come in every answer. */
export function apiParams(search: DashboardSearch): DashboardParams {
  const { metric: _, ...params } = search;
  return params;
}

export interface Filter {
  dim: string;
  op: string;
  value: string;
}

export function parseFilter(text: string): Filter {
  const [dim = "", op = "", ...value] = text.split(":");
  return { dim, op, value: value.join(":") };
}

export function withFilter(search: DashboardSearch, filter: string): DashboardSearch {
  const f = search.f ?? [];
  return f.includes(filter) ? search : { ...search, f: [...f, filter] };
}

export function withoutFilter(search: DashboardSearch, filter: string): DashboardSearch {
  const f = (search.f ?? []).filter((one) => one !== filter);
  return { ...search, f: f.length > 0 ? f : undefined };
}
