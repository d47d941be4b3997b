/** From a grid to what a table shows: the figure of a cell, and how deep its colour is. */
import type { CohortCell, CohortGrid, Figure } from "../../api/types";
import { bucketLabel, bucketTitle } from "../../format/date";
import { type Style, toNumber } from "../../format/number";
import type { Measure } from "./search";

export const LEVELS = 5;

export function styleOf(measure: Measure, currency: string): Style {
  switch (measure) {
    case "retention":
      return { unit: "percent" };
    case "ltv_cac":
      return { unit: "ratio" };
    case "customers":
    case "orders":
      return { unit: "count" };
    default:
      return { unit: "money", currency };
  }
}

export function figureOf(cell: CohortCell, measure: Measure): Figure {
  return cell[measure] ?? null;
}

/** Everybody orders at age 0: a retention of 100 % there would leave no colour for the rest. */
const counts = (cell: CohortCell, measure: Measure) => !(measure === "retention" && cell.age === 0);

/** The span of the figures that colours are given to. */
export function spanOf(grid: CohortGrid, measure: Measure): [number, number] {
  let [low, high] = [0, 0];
  for (const row of grid.cohorts) {
    if (row.customers === 0) continue;
    for (const cell of row.cells) {
      const value = toNumber(figureOf(cell, measure));
      if (value === null || !counts(cell, measure)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

/** 0 (no colour) to 5. */
export function levelOf(cell: CohortCell, measure: Measure, [low, high]: [number, number]): number {
  const value = toNumber(figureOf(cell, measure));
  if (value === null || high === low || !counts(cell, measure)) return 0;
  return Math.max(0, Math.min(LEVELS, Math.round(((value - low) / (high - low)) * LEVELS)));
}

export function cohortLabel(grid: CohortGrid, start: string): string {
  return bucketLabel(start, grid.grain);
}

export function cohortTitle(grid: CohortGrid, start: string): string {
  return bucketTitle(start, grid.grain);
}
