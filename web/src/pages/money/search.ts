/** The state of these pages in the address: days, the last one after the window's end, and the columns. */
import type { Columns, Days, Model } from "../../api/money";
import { isDay } from "../../format/date";

export interface MoneySearch extends Days {
  grain?: Columns;
  model?: Model;
}

/** Those that look at one order at a time; the first is the default. */
export const MODELS: readonly Model[] = [
  "last_touch",
  "last_non_direct",
  "first_touch",
  "linear",
  "position_based",
  "time_decay",
];

const GRAINS: Columns[] = ["day", "week", "month"];

/** What the address says; what makes no sense is absent. */
export function moneySearch(raw: Record<string, unknown>): MoneySearch {
  const { from, to, grain, model } = raw;
  const whole = isDay(from) && isDay(to) && from < to;
  return {
    from: whole ? from : undefined,
    to: whole ? to : undefined,
    grain: GRAINS.find((one) => one === grain),
    model: MODELS.slice(1).find((one) => one === model),
  };
}

/** A percentage as a fraction, on its decimals alone: `2.9` is `0.029`. What is no percentage stays, to be refused. */
export function fraction(percent: string): string {
  const text = percent.trim().replace(",", ".");
  const [whole = "", decimals = ""] = text.split(".");
  if (!/^\d{1,3}(\.\d*)?$/.test(text)) return text;
  const digits = whole.padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${decimals}`;
}
