import { expect, it } from "vitest";
import { fraction, moneySearch } from "./search";

it("a window is two days in their order, or none", () => {
  expect(moneySearch({ from: "2026-10-01", to: "2026-11-01", grain: "week" })).toEqual({
    from: "2026-10-01",
    to: "2026-11-01",
    grain: "week",
    model: undefined,
  });
  expect(moneySearch({ model: "linear" }).model).toBe("linear");
  for (const model of ["last_touch", "markov", 1]) expect(moneySearch({ model }).model).toBeUndefined();
  for (const [from, to] of [
    ["2026-11-01", "2026-11-01"],
    ["2026-11-02", "2026-11-01"],
    ["2026-02-30", "2026-11-01"],
    [undefined, "2026-11-01"],
  ]) {
    expect(moneySearch({ from, to })).toEqual({ from: undefined, to: undefined, grain: undefined, model: undefined });
  }
  expect(moneySearch({ grain: "hour" }).grain).toBeUndefined();
});

it("a percentage loses no digit on its way to a fraction", () => {
  expect([fraction("2.9"), fraction("0,25"), fraction("100"), fraction(" 40 ")]).toEqual([
    "0.029",
    "0.0025",
    "1.00",
    "0.40",
  ]);
  expect(fraction("a lot")).toBe("a lot");
});
