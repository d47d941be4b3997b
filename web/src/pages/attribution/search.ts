/** The page's state in the address: what makes no sense is left out. */
import type { AttributionParams } from "../../api/figures";
import { RANGES } from "../dashboard/search";

export const SHOWN = RANGES.filter((range) => range !== "custom");
export const WINDOWS = ["1", "7", "14", "28", "90", "lifetime"] as const;
export const MEASURES = ["revenue", "orders", "roas"] as const;

export interface AttributionSearch {
  range?: (typeof SHOWN)[number];
  window?: (typeof WINDOWS)[number];
  show?: (typeof MEASURES)[number];
}

function one<T extends string>(all: readonly T[], value: unknown, usual: T): T | undefined {
  return all.find((known) => known === value && known !== usual);
}

export function attributionSearch(raw: Record<string, unknown>): AttributionSearch {
  return {
    range: one(SHOWN, raw.range, "30d"),
    window: one(WINDOWS, raw.window, "28"),
    show: one(MEASURES, raw.show, "revenue"),
  };
}

/** What the API is asked. */
export function attributionParams({ range, window }: AttributionSearch): AttributionParams {
  return {
    ...(range ? { range } : {}),
    ...(window === "lifetime" ? { lifetime: true } : window ? { window_days: Number(window) } : {}),
  };
}
