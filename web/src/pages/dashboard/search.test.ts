import { expect, it } from "vitest";
import { apiParams, parseFilter, readSearch, strictSearch, withFilter, withoutFilter } from "./search";

it("takes what is valid and leaves defaults out", () => {
  const raw = { range: "7d", cmp: "prev", match: "date", grain: "week", metric: "net_sales", f: ["channel:eq:meta"] };
  expect(readSearch(raw)).toEqual({
    search: { range: "7d", match: "date", grain: "week", f: ["channel:eq:meta"] },
    rejected: [],
  });
});

it("replaces what is wrong and names it, one by one", () => {
  const { search, rejected } = readSearch({ range: "fortnight", cmp: "yoy", grain: "second", f: ["nonsense"] });
  expect(search).toEqual({ cmp: "yoy" });
  expect(rejected).toEqual(["range", "grain", "f"]);
});

it("leaves nothing of a wrong parameter to the router", () => {
  const strict = strictSearch({ range: "fortnight", grain: "week" });
  expect("range" in strict && strict.range === undefined).toBe(true);
  expect(strict.grain).toBe("week");
});

it("needs both ends of a custom window, in order", () => {
  expect(readSearch({ range: "custom", from: "2026-01-01", to: "2026-02-01" }).search).toEqual({
    range: "custom",
    from: "2026-01-01",
    to: "2026-02-01",
  });
  for (const ends of [{}, { from: "2026-01-01" }, { from: "2026-02-01", to: "2026-01-01" }, { from: "x", to: "y" }]) {
    const { search, rejected } = readSearch({ range: "custom", ...ends });
    expect(search.range).toBeUndefined();
    expect(rejected).toContain("range");
  }
  expect(readSearch({ range: "7d", from: "2026-01-01", to: "2026-02-01" }).search).toEqual({ range: "7d" });
});

it("keeps colons inside a filter's value and adds each filter once", () => {
  expect(parseFilter("campaign:eq:A: B")).toEqual({ dim: "campaign", op: "eq", value: "A: B" });
  const one = withFilter({}, "channel:eq:meta");
  expect(withFilter(one, "channel:eq:meta")).toBe(one);
  expect(withoutFilter(one, "channel:eq:meta").f).toBeUndefined();
});

it("does not ask the server anew when only another tile is chosen", () => {
  expect(apiParams({ range: "7d", metric: "orders" })).toEqual({ range: "7d" });
});
