import { expect, it } from "vitest";
import type { CohortCell, CohortGrid } from "../../api/types";
import { levelOf, spanOf } from "./heat";

const cell = (age: number, retention: string | null, ltv: string | null): CohortCell => ({
  age,
  complete: true,
  of_customers: 10,
  customers: 1,
  orders: 1,
  net_sales: "1.00",
  gross_profit: "1.00",
  value: "1.00",
  ltv,
  retention,
  ltv_cac: null,
});

it("gives the deepest colour to the largest figure, none to a retention of everybody", () => {
  const cells = [cell(0, "1.000000", "10.00"), cell(1, "0.400000", "20.00"), cell(2, "0.100000", null)];
  const empty = { customers: 0, cells: [cell(0, null, "999.00")] };
  const grid = { cohorts: [{ customers: 10, cells }, empty] } as unknown as CohortGrid;
  const [retention, ltv] = [spanOf(grid, "retention"), spanOf(grid, "ltv")];
  expect(retention).toEqual([0, 0.4]);
  expect(cells.map((one) => levelOf(one, "retention", retention))).toEqual([0, 5, 1]);
  expect(cells.map((one) => levelOf(one, "ltv", ltv))).toEqual([3, 5, 0]);
});

it("gives no colour where all figures are the same", () => {
  const cells = [cell(0, null, "0.00")];
  const grid = { cohorts: [{ customers: 1, cells }] } as unknown as CohortGrid;
  expect(levelOf(cells[0] as CohortCell, "ltv", spanOf(grid, "ltv"))).toBe(0);
});
