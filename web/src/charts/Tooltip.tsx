import { formatFigure, toNumber } from "../format/number";
import { t } from "../messages/en";
import { cx } from "../ui/cx";
import type { ChartBucket, ChartLine } from "./model";

/** The exact figures of one bucket, on the side of the chart where there is room. */
export function Tooltip({
  bucket,
  lines,
  index,
  share,
  soFar,
}: {
  bucket: ChartBucket;
  lines: ChartLine[];
  index: number;
  /** Where along the chart, 0 to 1. */
  share: number;
  soFar: string;
}) {
  const compared = lines.find((line) => line.previous);
  return (
    <div
      aria-hidden="true"
      className={cx(
        "popup pointer-events-none absolute top-2 z-20 min-w-44 px-3 py-2 text-xs",
        share > 0.5 ? "left-16" : "right-6",
      )}
    >
      <p className="font-semibold">{bucket.title}</p>
      {bucket.partial && <p className="text-ink-mute">{soFar}</p>}
      <dl className="mt-1.5 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {lines.map((line) => (
          <Row key={line.id} colour={line.colour} name={line.label} value={text(line.values[index], line)} />
        ))}
        {compared && (
          <Row
            colour="compare"
            name={bucket.previousTitle ?? t.dashboard.previous}
            value={text(compared.previous?.[index], compared)}
          />
        )}
      </dl>
    </div>
  );
}

function text(value: ChartLine["values"][number], line: ChartLine): string {
  return toNumber(value) === null ? t.dashboard.noFigure : formatFigure(value, line.style);
}

function Row({ colour, name, value }: { colour: string; name: string; value: string }) {
  return (
    <>
      <dt className="flex items-center gap-1.5 text-ink-soft">
        <svg className="size-2 shrink-0" viewBox="0 0 8 8" aria-hidden="true">
          <circle cx="4" cy="4" r="4" fill={`var(--${colour})`} />
        </svg>
        {name}
      </dt>
      <dd className="text-right font-medium">{value}</dd>
    </>
  );
}
