/** Figures as people read them. Decimal text goes to `Intl` untouched, so that no digit is lost on the way. */
import type { Figure, Unit } from "../api/types";

export const MISSING = "–";

export interface Style {
  unit: Unit;
  currency?: string | null;
  /** Short form for tiles and axes: `$1.28M`. Tables, tooltips and files are exact. */
  compact?: boolean;
  /** `+` before gains as well. */
  signed?: boolean;
}

const cache = new Map<string, Intl.NumberFormat>();

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let found = cache.get(key);
  if (!found) {
    found = new Intl.NumberFormat(undefined, options);
    cache.set(key, found);
  }
  return found;
}

/** For geometry only; text keeps the decimal. */
export function toNumber(value: Figure | undefined): number | null {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** What `Intl` takes without going through a float. */
const exact = (value: string | number) => value as Intl.StringNumericLiteral;

function options(value: number, style: Style): Intl.NumberFormatOptions {
  const size = Math.abs(value);
  const sign: Intl.NumberFormatOptions = style.signed ? { signDisplay: "exceptZero" } : {};
  switch (style.unit) {
    case "money": {
      const base: Intl.NumberFormatOptions = { ...sign, style: "currency", currency: style.currency ?? "USD" };
      if (!style.compact) return base;
      if (size >= 1_000_000) return { ...base, notation: "compact", maximumSignificantDigits: 4 };
      return size >= 1000 ? { ...base, maximumFractionDigits: 0 } : base;
    }
    case "percent":
      return { ...sign, style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
    case "ratio":
      return { ...sign, minimumFractionDigits: 2, maximumFractionDigits: 2 };
    case "days":
      return { ...sign, maximumFractionDigits: size < 10 ? 1 : 0 };
    default:
      if (style.compact && size >= 1_000_000) return { ...sign, notation: "compact", maximumSignificantDigits: 4 };
      return { ...sign, maximumFractionDigits: 2 };
  }
}

/** A figure as text; a dash where there is none. */
export function formatFigure(value: Figure | undefined, style: Style): string {
  const number = toNumber(value);
  if (value === null || value === undefined || number === null) return MISSING;
  return formatter(options(number, style)).format(exact(value));
}

/** The shortest form, for axes: `$12K`, `1.2M`, `40%`. */
export function formatAxis(value: number, style: Style): string {
  if (style.unit === "percent") return formatter({ style: "percent", maximumFractionDigits: 1 }).format(value);
  const base: Intl.NumberFormatOptions = { notation: "compact", maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 };
  if (style.unit === "money") {
    const narrow: Intl.NumberFormatOptions = { style: "currency", currency: style.currency ?? "USD" };
    return formatter({ ...base, ...narrow, minimumFractionDigits: 0 }).format(value);
  }
  return formatter(base).format(value);
}

/** A share of one, with a sign: `+12.3%`. */
export function formatChange(share: Figure | undefined): string {
  return formatFigure(share, { unit: "percent", signed: true });
}

export function formatBytes(bytes: number): string {
  const steps: [number, string][] = [
    [1e9, "gigabyte"],
    [1e6, "megabyte"],
    [1e3, "kilobyte"],
  ];
  const [size, unit] = steps.find(([step]) => bytes >= step) ?? [1, "byte"];
  return formatter({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }).format(bytes / size);
}

/** A length of time in its largest fitting unit: `850 ms`, `12 sec`, `3.5 min`, `2 hr`. */
export function formatDuration(ms: number): string {
  const steps: [number, string][] = [
    [3_600_000, "hour"],
    [60_000, "minute"],
    [1000, "second"],
  ];
  const [size, unit] = steps.find(([step]) => ms >= step) ?? [1, "millisecond"];
  return formatter({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }).format(ms / size);
}
