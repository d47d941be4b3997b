import { describe, expect, it } from "vitest";
import { formatAxis, formatBytes, formatChange, formatFigure, MISSING, toNumber } from "./number";

describe("formatFigure", () => {
  it("keeps every digit of a decimal", () => {
    expect(formatFigure("12345678901234567.89", { unit: "money", currency: "USD" })).toBe("$12,345,678,901,234,567.89");
  });

  it("uses the currency's own decimals", () => {
    expect(formatFigure("1234.6", { unit: "money", currency: "JPY" })).toBe("¥1,235");
    expect(formatFigure("1.2345", { unit: "money", currency: "TND" })).toContain("1.235");
  });

  it("shortens in tiles only what would not fit", () => {
    const tile = { unit: "money", currency: "USD", compact: true } as const;
    expect(formatFigure("82.72", tile)).toBe("$82.72");
    expect(formatFigure("145242.31", tile)).toBe("$145,242");
    expect(formatFigure("1284001.10", tile)).toBe("$1.284M");
  });

  it("tells units apart", () => {
    expect(formatFigure("0.123361", { unit: "percent" })).toBe("12.3%");
    expect(formatFigure("4.412345", { unit: "ratio" })).toBe("4.41");
    expect(formatFigure(1750, { unit: "count" })).toBe("1,750");
    expect(formatFigure("3.25", { unit: "days" })).toBe("3.3");
  });

  it("shows a dash, never a zero, where there is no figure", () => {
    for (const nothing of [null, undefined, "", "n/a"]) expect(formatFigure(nothing, { unit: "count" })).toBe(MISSING);
    expect(toNumber(null)).toBeNull();
    expect(formatFigure(0, { unit: "count" })).toBe("0");
  });
});

it("writes changes, axes and sizes", () => {
  expect(formatChange("-0.0569")).toBe("-5.7%");
  expect(formatChange("0.0569")).toBe("+5.7%");
  expect(formatAxis(2000, { unit: "money", currency: "USD" })).toBe("$2K");
  expect(formatAxis(2.5, { unit: "ratio" })).toBe("2.5");
  expect(formatBytes(52_000_000)).toBe("52 MB");
});
