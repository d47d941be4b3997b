import { expect, it } from "vitest";
import { deltaOf } from "./delta";

const base = {
  unit: "money",
  currency: "USD",
  value: "120.00",
  previous: "100.00",
  change: "20.00",
  change_pct: "0.2",
  direction: "up",
} as const;

it("says sign, share and amount", () => {
  expect(deltaOf(base)).toEqual({ glyph: "▲", relative: "+20.0%", absolute: "+$20.00", reason: "" });
  const fall = deltaOf({ ...base, change: "-20.00", change_pct: "-0.2", direction: "down" });
  expect(fall).toMatchObject({ glyph: "▼", relative: "-20.0%", absolute: "-$20.00" });
});

it("says new where nothing was before, and a dash where nothing is known", () => {
  expect(deltaOf({ ...base, previous: "0.00", change: "120.00", change_pct: null }).relative).toBe("new");
  expect(deltaOf({ ...base, previous: null, change: null, change_pct: null })).toMatchObject({
    relative: "–",
    glyph: "",
  });
  expect(deltaOf({ ...base, previous: null }).reason).not.toBe("");
});

it("says a multiple beyond a thousand percent and points for shares", () => {
  expect(deltaOf({ ...base, value: "1100.00", change: "1000.00", change_pct: "10.0" }).relative).toBe("×11");
  const rate = {
    ...base,
    unit: "percent",
    value: "0.054",
    previous: "0.05",
    change: "0.004",
    change_pct: "0.08",
  } as const;
  expect(deltaOf(rate)).toMatchObject({ relative: "+0.4 pp", absolute: "" });
});
