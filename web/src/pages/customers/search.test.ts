import { expect, it } from "vitest";
import { cohortParams, customersSearch } from "./search";

it("keeps what makes sense and drops the rest", () => {
  expect(customersSearch({ grain: "week", basis: "net_sales", measure: "retention", f: "first_code:eq:A" })).toEqual({
    grain: "week",
    basis: "net_sales",
    measure: "retention",
    f: ["first_code:eq:A"],
  });
  const nothing = { grain: undefined, basis: undefined, measure: undefined, f: undefined };
  expect(customersSearch({ grain: "day", basis: "", measure: "ltv", f: ["country:eq:US"] })).toEqual(nothing);
  expect(customersSearch({ grain: "month", basis: "gross_profit", f: [] })).toEqual(nothing);
});

it("asks the API for what the address says", () => {
  expect(cohortParams({})).toEqual({});
  expect(cohortParams({ grain: "week", measure: "orders", f: ["first_code:eq:A"] })).toEqual({
    grain: "week",
    f: ["first_code:eq:A"],
  });
});
