/** How a change against the comparison is said: sign, size, and words where a percentage would mislead. */
import type { Kpi } from "../api/types";
import { formatChange, formatFigure, MISSING, toNumber } from "./number";

export interface Delta {
  glyph: "▲" | "▼" | "■" | "";
  /** `+12.3%`, `×11`, `new`, `+0.4 pp`. */
  relative: string;
  /** `+$14.1K`; empty where the relative part says all. */
  absolute: string;
  /** Why there is no figure, for the title. */
  reason: string;
}

const GLYPH = { up: "▲", down: "▼", flat: "■" } as const;

export function deltaOf(
  kpi: Pick<Kpi, "unit" | "currency" | "value" | "previous" | "change" | "change_pct" | "direction">,
): Delta {
  const previous = toNumber(kpi.previous);
  const change = toNumber(kpi.change);
  if (previous === null || toNumber(kpi.value) === null) {
    const reason = previous === null ? "No figure in the comparison period." : "No figure in this period.";
    return { glyph: "", relative: MISSING, absolute: "", reason };
  }
  const glyph = GLYPH[kpi.direction ?? "flat"];
  if (kpi.unit === "percent") {
    const points = change === null ? MISSING : formatFigure(change * 100, { unit: "count", signed: true });
    return { glyph, relative: `${points} pp`, absolute: "", reason: "" };
  }
  const absolute = formatFigure(kpi.change, { unit: kpi.unit, currency: kpi.currency, compact: true, signed: true });
  if (previous === 0) return { glyph: change ? glyph : "■", relative: change ? "new" : "0%", absolute, reason: "" };
  const share = toNumber(kpi.change_pct);
  if (share === null) return { glyph, relative: MISSING, absolute, reason: "The change cannot be told as a share." };
  if (share > 9.99) return { glyph, relative: `×${formatFigure(1 + share, { unit: "days" })}`, absolute, reason: "" };
  return { glyph, relative: formatChange(kpi.change_pct), absolute, reason: "" };
}
