/** Ad sets and ads of a campaign, asked for when somebody opens it: a brand may have thousands. */
import { useQueries } from "@tanstack/react-query";
import { typedQuery } from "../../api/figures";
import type { AdFigures, Dashboard, Figure, QueryAnswer, QueryFilter, TypedQuery } from "../../api/types";
import { toNumber } from "../../format/number";
import { parseFilter } from "./search";

/** One line of the channel table, whatever its level. */
export interface Line extends AdFigures {
  level: "channel" | "campaign" | "adset" | "ad";
  name: string;
  path: string[];
  below?: Line[];
  /** What stands below is being fetched; the line has no figures of its own. */
  pending?: boolean;
}

export const FIGURES = [
  "ad_spend",
  "impressions",
  "clicks",
  "cpc",
  "platform_conversions",
  "platform_reported_revenue",
  "platform_roas",
] as const;

/** What the model gives, where the brand has journeys. */
export const ATTRIBUTED = ["attributed_revenue", "attributed_roas"] as const;

export type FigureId = (typeof FIGURES)[number] | (typeof ATTRIBUTED)[number];

export function figuresOf(data: Dashboard): readonly FigureId[] {
  return data.channels_total?.attributed_revenue ? [...FIGURES, ...ATTRIBUTED] : FIGURES;
}

const LISTS = ["in", "not_in", "between"];

function filterOf(text: string): QueryFilter {
  const { dim, op, value } = parseFilter(text);
  return {
    dim,
    op: op as QueryFilter["op"],
    ...(op === "is_null" ? {} : { value: LISTS.includes(op) ? value.split(",") : value }),
  };
}

function bodyOf(data: Dashboard, filters: string[], path: string[], dimensions: string[]): TypedQuery {
  const [channel, campaign] = path;
  return {
    metrics: [...figuresOf(data)],
    attribution_model: data.model,
    dimensions,
    filters: [
      { dim: "channel", op: "eq", value: channel },
      { dim: "campaign", op: "eq", value: campaign },
      ...filters.map(filterOf),
    ],
    time: { start: data.window.start, end: data.window.end },
    ...(data.compare ? { compare: { to: "explicit", start: data.compare.start, end: data.compare.end } } : {}),
    order: { by: "ad_spend", dir: "desc" },
    limit: 500,
  };
}

function linesOf(answer: QueryAnswer, data: Dashboard, path: string[], level: "adset" | "ad"): Line[] {
  const at = (name: string) => answer.columns.indexOf(name);
  const figure = (row: QueryAnswer["rows"][number], name: string): Figure => {
    const cell = row[at(name)];
    return typeof cell === "string" || typeof cell === "number" ? cell : null;
  };
  const total = toNumber(data.channels_total?.ad_spend) ?? 0;
  return answer.rows.map((row) => {
    const figures = { ...NONE };
    for (const id of figuresOf(data)) figures[id] = figure(row, id);
    const spend = toNumber(figures.ad_spend) ?? 0;
    const names = [row[at("adset")], row[at("ad")]].slice(0, level === "ad" ? 2 : 1).map((name) => String(name ?? ""));
    return {
      ...figures,
      share: total > 0 ? (spend / total).toFixed(6) : null,
      ad_spend_change_pct: figure(row, "ad_spend.change_pct"),
      level,
      name: names.at(-1) ?? "",
      path: [...path, ...names],
    };
  });
}

const key = (path: string[]) => JSON.stringify(path);
const NONE: AdFigures = {
  ad_spend: null,
  impressions: null,
  clicks: null,
  platform_conversions: null,
  platform_reported_revenue: null,
  platform_roas: null,
  cpc: null,
  attributed_revenue: null,
  attributed_orders: null,
  attributed_roas: null,
};

/** What stands below each opened campaign, by its path. */
export function useAds(data: Dashboard, filters: string[], opened: string[][]): (path: string[]) => Line[] | undefined {
  const answers = useQueries({
    queries: opened.flatMap((path) => [
      typedQuery(data.brand.slug, bodyOf(data, filters, path, ["adset"])),
      typedQuery(data.brand.slug, bodyOf(data, filters, path, ["adset", "ad"])),
    ]),
  });
  const found = new Map<string, Line[]>();
  for (const [index, path] of opened.entries()) {
    const [adsets, ads] = [answers[index * 2], answers[index * 2 + 1]];
    if (adsets?.data && ads?.data) {
      const all = linesOf(ads.data, data, path, "ad");
      const below = linesOf(adsets.data, data, path, "adset");
      for (const adset of below) adset.below = all.filter((ad) => ad.path[2] === adset.name);
      found.set(key(path), below);
    } else {
      const failed = adsets?.isError || ads?.isError;
      found.set(key(path), [{ ...NONE, level: "adset", name: "", path: [...path, ""], pending: !failed }]);
    }
  }
  return (path) => found.get(key(path));
}
