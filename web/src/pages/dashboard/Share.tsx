import type { Figure } from "../../api/types";
import { formatFigure } from "../../format/number";

/** A share as a bar and as text; the bar starts at zero and its track is the whole. */
export function Share({ value }: { value: Figure | undefined }) {
  const share = Math.max(0, Math.min(1, Number(value ?? 0)));
  return (
    <span className="inline-flex w-28 items-center gap-2">
      <svg viewBox="0 0 60 6" preserveAspectRatio="none" className="h-1.5 flex-1" aria-hidden="true">
        <rect width="60" height="6" rx="3" fill="var(--sunken)" />
        <rect width={60 * share} height="6" rx="3" fill="var(--series-1)" />
      </svg>
      <span className="w-12 text-right">{formatFigure(value, { unit: "percent" })}</span>
    </span>
  );
}
