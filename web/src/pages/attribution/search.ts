/** The page's state in the address: what makes no sense is left out. */
import type { AttributionParams } from "../../api/figures";
import { RANGES } from "../dashboard/search";

export const SHOWN = RANGES.filter((range) => range !== "custom");
export const WINDOWS = ["1", "7", "14", "28", "90", "lifetime"] as const;
/** Days in which a touch loses half its weight. */
export const HALF_LIVES = ["1", "3", "7", "14", "28"] as const;
/** Percent of the first touch, of those between, and of the last. */
export const WEIGHTS = ["40,20,40", "30,40,30", "50,0,50", "60,20,20", "20,20,60"] as const;
export const MEASURES = ["revenue", "orders", "roas"] as const;

export interface AttributionSearch {
  range?: (typeof SHOWN)[number];
  window?: (typeof WINDOWS)[number];
  half?: (typeof HALF_LIVES)[number];
  weights?: (typeof WEIGHTS)[number];
  show?: (typeof MEASURES)[number];
}

function one<T extends string>(all: readonly T[], value: unknown, usual: T): T | undefined {
  return all.find((known) => known === value && known !== usual);
}

export function attributionSearch(raw: Record<string, unknown>): AttributionSearch {
  return {
    range: one(SHOWN, raw.range, "30d"),
    window: one(WINDOWS, raw.window, "28"),
    half: one(HALF_LIVES, raw.half, "7"),
    weights: one(WEIGHTS, raw.weights, "40,20,40"),
    show: one(MEASURES, raw.show, "revenue"),
  };
}

/** What the API is asked. */
export function attributionParams({ range, window, half, weights }: AttributionSearch): AttributionParams {
  return {
    ...(range ? { range } : {}),
    ...(window === "lifetime" ? { lifetime: true } : window ? { window_days: Number(window) } : {}),
    ...(half ? { half_life_days: Number(half) } : {}),
    ...(weights ? { position_weights: weights } : {}),
  };
}
