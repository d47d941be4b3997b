/** Parts over time as stacked bars from zero; an unfinished bucket is hatched. */
import { useId } from "react";
import { formatAxis, toNumber } from "../format/number";
import { t } from "../messages/en";
import { ChartTable } from "./ChartTable";
import { type ChartBucket, type ChartLine, labelled, reading, ticks } from "./model";
import { Tooltip } from "./Tooltip";
import { useReading } from "./useReading";
import { useWidth } from "./useWidth";

const HEIGHT = 208;
const BOTTOM = 24;
const TOP = 8;

export function StackedBars({
  id,
  title,
  summary,
  buckets,
  lines,
  soFar,
  asTable,
}: {
  id: string;
  title: string;
  summary: string;
  buckets: ChartBucket[];
  lines: ChartLine[];
  soFar: string;
  asTable: boolean;
}) {
  const label = useId();
  const read = useReading({
    count: buckets.length,
    lines: 1,
    describe: (index) => reading(buckets[index], lines, index, t.dashboard.noFigure),
  });
  const bucket = read.index === null ? undefined : buckets[read.index];
  return (
    <figure
      aria-labelledby={`${label}-title`}
      aria-describedby={`${label}-summary`}
      data-testid={`chart-${id}`}
      className="min-w-0"
    >
      <figcaption className="px-4 pb-1 text-sm text-ink-soft sm:px-5">
        <span id={`${label}-title`} className="sr-only">
          {title}
        </span>
        <span id={`${label}-summary`}>{summary}</span>
      </figcaption>
      {asTable ? (
        <ChartTable id={id} title={title} buckets={buckets} lines={lines} soFar={soFar} />
      ) : (
        <>
          <ul className="flex gap-4 px-4 pb-1 text-xs text-ink-soft sm:px-5" aria-hidden="true">
            {lines.map((line) => (
              <li key={line.id} className="flex items-center gap-1.5">
                <svg className="size-2.5" viewBox="0 0 10 10" aria-hidden="true">
                  <rect width="10" height="10" rx="2" fill={`var(--${line.colour})`} />
                </svg>
                {line.label}
              </li>
            ))}
          </ul>
          <div
            role="application"
            aria-roledescription="chart"
            aria-label={`${title}. ${t.dashboard.chartHelp}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart's one tab stop
            tabIndex={0}
            onKeyDown={read.onKeyDown}
            onBlur={read.clear}
            onPointerLeave={read.clear}
            className="relative mx-2 min-w-0 rounded-lg pb-2 focus-visible:outline-offset-0 sm:mx-3"
          >
            <Bars buckets={buckets} lines={lines} index={read.index} onMove={read.setIndex} />
            {bucket && read.index !== null && (
              <Tooltip
                bucket={bucket}
                lines={lines}
                index={read.index}
                share={read.index / Math.max(1, buckets.length - 1)}
                soFar={soFar}
              />
            )}
          </div>
        </>
      )}
    </figure>
  );
}

function Bars({
  buckets,
  lines,
  index,
  onMove,
}: {
  buckets: ChartBucket[];
  lines: ChartLine[];
  index: number | null;
  onMove: (index: number) => void;
}) {
  const [box, width] = useWidth<HTMLDivElement>();
  const hatch = useId();
  const numbers = lines.map((line) => line.values.map((value) => Math.max(0, toNumber(value) ?? 0)));
  const sums = buckets.map((_, at) => numbers.reduce((sum, values) => sum + (values[at] ?? 0), 0));
  const splits = ticks(0, Math.max(0, ...sums), 4);
  const top = splits.at(-1) ?? 1;
  const left = 46;
  const inner = Math.max(0, width - left - 8);
  const slot = inner / Math.max(1, buckets.length);
  const bar = Math.max(1, Math.min(28, slot * 0.72));
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const style = lines[0]?.style ?? { unit: "count" as const };
  return (
    <div ref={box} className="h-52 min-w-0 overflow-hidden" aria-hidden="true">
      {width > 0 && (
        <svg width={width} height={HEIGHT} className="block text-2xs" aria-hidden="true">
          <defs>
            {lines.map((line) => (
              <pattern
                key={line.id}
                id={`${hatch}${line.id}`}
                width="5"
                height="5"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
              >
                <rect width="5" height="5" fill={`var(--${line.colour})`} fillOpacity="0.25" />
                <rect width="2" height="5" fill={`var(--${line.colour})`} />
              </pattern>
            ))}
          </defs>
          {splits.map((split) => (
            <g key={split}>
              <line x1={left} x2={width - 8} y1={y(split)} y2={y(split)} stroke="var(--line)" />
              <text x={left - 8} y={y(split)} textAnchor="end" dominantBaseline="middle" fill="var(--ink-mute)">
                {formatAxis(split, style)}
              </text>
            </g>
          ))}
          {buckets.map((bucket, at) => {
            let base = 0;
            const x = left + slot * at + (slot - bar) / 2;
            return (
              <g
                key={bucket.t}
                onPointerEnter={() => onMove(at)}
                onPointerDown={() => onMove(at)}
                opacity={index === null || index === at ? 1 : 0.45}
              >
                <rect x={left + slot * at} y={TOP} width={slot} height={HEIGHT - TOP - BOTTOM} fill="transparent" />
                {lines.map((line, row) => {
                  const value = numbers[row]?.[at] ?? 0;
                  const from = base;
                  base += value;
                  const fill = bucket.partial ? `url(#${hatch}${line.id})` : `var(--${line.colour})`;
                  return (
                    <rect
                      key={line.id}
                      x={x}
                      y={y(base)}
                      width={bar}
                      height={Math.max(0, y(from) - y(base))}
                      fill={fill}
                    />
                  );
                })}
              </g>
            );
          })}
          {labelled(buckets.length, Math.floor(inner / 64)).map((at) => (
            <text key={at} x={left + slot * at + slot / 2} y={HEIGHT - 6} textAnchor="middle" fill="var(--ink-mute)">
              {buckets[at]?.label}
            </text>
          ))}
        </svg>
      )}
    </div>
  );
}
