import { expect, it } from "vitest";
import { labelled, reading, splitPartial, ticks } from "./model";

it("starts every axis at zero and uses round steps", () => {
  expect(ticks(3200, 6159)).toEqual([0, 2000, 4000, 6000, 8000]);
  expect(ticks(0, 4.6, 2)).toEqual([0, 2.5, 5]);
  expect(ticks(-120, 300)).toEqual([-200, 0, 200, 400]);
  expect(ticks(0, 0)).toEqual([0, 1]);
});

it("draws a running bucket as the end of the line, never as a finished point", () => {
  const buckets = [{ partial: false }, { partial: false }, { partial: true }];
  expect(splitPartial(["1", "2", "3"], buckets)).toEqual({ solid: [1, 2, null], tail: [null, 2, 3] });
  expect(splitPartial(["1", null], [{ partial: false }, { partial: false }])).toEqual({
    solid: [1, null],
    tail: [null, null],
  });
});

it("labels as many buckets as fit", () => {
  expect(labelled(30, 10)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
  expect(labelled(3, 10)).toEqual([0, 1, 2]);
});

it("says a bucket in words", () => {
  const bucket = { t: "2026-11-20", label: "Nov 20", title: "Fri, Nov 20, 2026", partial: false };
  const line = {
    id: "orders",
    label: "Orders",
    style: { unit: "count" as const },
    colour: "series-1",
    values: [12, null],
  };
  expect(reading(bucket, [line], 0, "no data")).toBe("Fri, Nov 20, 2026: Orders 12");
  expect(reading(bucket, [line], 1, "no data")).toBe("Fri, Nov 20, 2026: Orders no data");
});
