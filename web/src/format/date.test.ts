import { expect, it } from "vitest";
import { addDays, ageLabel, bucketLabel, bucketTitle, daysBetween, isDay, timeLabel, windowLabel } from "./date";

it("counts days across daylight saving and leap years", () => {
  expect(addDays("2026-03-07", 2)).toBe("2026-03-09");
  expect(addDays("2024-03-01", -1)).toBe("2024-02-29");
  expect(daysBetween("2026-10-25", "2026-11-25")).toBe(31);
});

it("knows a day from what only looks like one", () => {
  expect(isDay("2026-02-28")).toBe(true);
  for (const wrong of ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", 5, undefined])
    expect(isDay(wrong)).toBe(false);
});

it("shows a half-open window with its last day", () => {
  expect(windowLabel("2026-10-21", "2026-11-20").replace(/\s/g, " ")).toBe("Oct 21 – Nov 19, 2026");
  expect(windowLabel("2026-11-20", "2026-11-21")).toBe("Nov 20, 2026");
});

it("labels buckets without moving them into the browser's zone", () => {
  expect(bucketLabel("2026-11-20", "day")).toBe("Nov 20");
  expect(bucketLabel("2026-11-20T14:00:00-05:00", "hour")).toBe("2 PM");
  expect(bucketTitle("2026-11-16", "week")).toBe("Week of Nov 16, 2026");
  expect(bucketTitle("2026-11-01", "month")).toBe("November 2026");
  expect(timeLabel("2026-11-20T18:20:00Z", "America/New_York")).toBe("1:20 PM");
});

it("tells ages", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");
  expect(ageLabel("2026-11-20T11:59:30Z", now)).toBe("just now");
  expect(ageLabel("2026-11-20T09:00:00Z", now)).toBe("3 hours ago");
});
