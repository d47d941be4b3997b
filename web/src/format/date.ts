/** Days and times as text. The server has done the calendar; here days are labels, never moved between zones. */
import type { Grain } from "../api/types";

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  let found = cache.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(undefined, options);
    cache.set(key, found);
  }
  return found;
}

/** Wall-clock text (`2026-11-20`, `2026-11-20T14`, `…T14:00:00-05:00`) as an instant of a zone-less calendar. */
function wall(text: string): Date {
  const hour = /^\d{4}-\d{2}-\d{2}T(\d{2})(?::(\d{2}))?/.exec(text);
  const day = text.slice(0, 10);
  return new Date(hour ? `${day}T${hour[1]}:${hour[2] ?? "00"}:00Z` : `${day}T00:00:00Z`);
}

export function addDays(day: string, days: number): string {
  const date = wall(day);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** Days from `start` to `end`, the end not counted. */
export function daysBetween(start: string, end: string): number {
  return Math.round((wall(end.slice(0, 10)).getTime() - wall(start.slice(0, 10)).getTime()) / 86_400_000);
}

export function isDay(text: unknown): text is string {
  if (typeof text !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = wall(text);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

/** A bucket on the axis: short. */
export function bucketLabel(t: string, grain: Grain): string {
  const utc = { timeZone: "UTC" } as const;
  if (grain === "hour") return formatter({ ...utc, hour: "numeric" }).format(wall(t));
  if (grain === "month" || grain === "quarter")
    return formatter({ ...utc, month: "short", year: "2-digit" }).format(wall(t));
  if (grain === "year") return t.slice(0, 4);
  return formatter({ ...utc, day: "numeric", month: "short" }).format(wall(t));
}

/** A bucket in a tooltip or a table: complete, with the weekday where that says something. */
export function bucketTitle(t: string, grain: Grain): string {
  const utc = { timeZone: "UTC" } as const;
  const day = { ...utc, weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;
  if (grain === "hour")
    return formatter({ ...utc, weekday: "short", day: "numeric", month: "short", hour: "numeric" }).format(wall(t));
  if (grain === "month") return formatter({ ...utc, month: "long", year: "numeric" }).format(wall(t));
  if (grain === "year") return t.slice(0, 4);
  if (grain === "week")
    return `Week of ${formatter({ ...utc, day: "numeric", month: "short", year: "numeric" }).format(wall(t))}`;
  return formatter(day).format(wall(t));
}

/** A half-open window with its last day shown: `Oct 21 – Nov 19, 2026`; without the year where `year` says it already. */
export function windowLabel(start: string, end: string, year?: string): string {
  const last = addDays(end, -1);
  const said = year !== undefined && start.slice(0, 4) === year && last.slice(0, 4) === year;
  const day = { timeZone: "UTC", day: "numeric", month: "short" } as const;
  const format = formatter(said ? day : { ...day, year: "numeric" });
  if (last <= start.slice(0, 10)) return format.format(wall(start.slice(0, 10)));
  return format.formatRange(wall(start.slice(0, 10)), wall(last));
}

export function dayLabel(day: string): string {
  return formatter({ timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(wall(day));
}

/** An instant in the brand's zone (or the person's, where none is given). */
export function instantLabel(instant: string, zone?: string): string {
  const options = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" } as const;
  return formatter(zone ? { ...options, timeZone: zone } : options).format(new Date(instant));
}

/** An instant with its year, in the person's zone; with seconds where things follow each other closely. */
export function longInstantLabel(instant: string, seconds = false): string {
  const options = { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" } as const;
  return formatter(seconds ? { ...options, second: "2-digit" } : options).format(new Date(instant));
}

/** Midnight of a day where the person is, as an instant. */
export function dayBegins(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

export function timeLabel(instant: string, zone: string): string {
  return formatter({ hour: "numeric", minute: "2-digit", timeZone: zone }).format(new Date(instant));
}

/** `3 hours ago`, for ages that a person reads at a glance. */
export function ageLabel(instant: string, now: number): string {
  const seconds = Math.max(0, (now - new Date(instant).getTime()) / 1000);
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  if (seconds < 90) return "just now";
  if (seconds < 5400) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 129_600) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.round(seconds / 86_400), "day");
}
