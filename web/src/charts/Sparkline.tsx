import type { Figure } from "../api/types";
import { toNumber } from "../format/number";

const HEIGHT = 36;
const WIDTH = 100;

/** Pieces of a line, broken where there is no figure. */
function path(values: (number | null)[], top: number, low: number): string {
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  const span = top - low || 1;
  let pen = false;
  return values
    .map((value, index) => {
      if (value === null) {
        pen = false;
        return "";
      }
      const point = `${(index * step).toFixed(2)} ${(HEIGHT - 2 - ((value - low) / span) * (HEIGHT - 4)).toFixed(2)}`;
      const command = pen ? "L" : "M";
      pen = true;
      return `${command}${point}`;
    })
    .join("");
}

/** The ground under the line down to zero, where the line has no gaps. */
function area(values: (number | null)[], top: number, low: number): string {
  if (values.length < 2 || values.includes(null)) return "";
  const zero = (HEIGHT - 2 - ((0 - low) / (top - low || 1)) * (HEIGHT - 4)).toFixed(2);
  return `${path(values, top, low)}L${WIDTH} ${zero}L0 ${zero}Z`;
}

/** The shape of a tile's figure over the range; the comparison in grey, an unfinished end dashed. */
export function Sparkline({
  values,
  previous,
  partial,
}: {
  values: Figure[];
  previous?: (Figure | undefined)[] | null;
  partial: boolean;
}) {
  const now = values.map(toNumber);
  const then = previous?.map(toNumber) ?? [];
  const known = [...now, ...then].filter((value) => value !== null);
  if (known.length < 2) return <div className="h-9" />;
  const top = Math.max(...known);
  const low = Math.min(0, ...known);
  const last = now.length - 1;
  const solid = partial ? now.map((value, index) => (index === last ? null : value)) : now;
  const tail = partial ? now.map((value, index) => (index >= last - 1 ? value : null)) : [];
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-9 w-full overflow-visible"
      aria-hidden="true"
    >
      <g fill="none" strokeLinejoin="round">
        <path d={area(now, top, low)} fill="var(--accent-soft)" stroke="none" />
        {then.length > 1 && (
          <path
            d={path(then, top, low)}
            stroke="var(--compare)"
            strokeWidth="1"
            strokeDasharray="2 3"
            vectorEffect="non-scaling-stroke"
          />
        )}
        <path d={path(solid, top, low)} stroke="var(--series-1)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
        {partial && (
          <path
            d={path(tail, top, low)}
            stroke="var(--series-1)"
            strokeWidth="1.5"
            strokeDasharray="2 2"
            vectorEffect="non-scaling-stroke"
          />
        )}
      </g>
    </svg>
  );
}
