/** Lines over time: canvas for the eye, text and table for everyone, one tab stop for the keyboard. */
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";
import { t } from "../messages/en";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { PHONE, useMedia } from "../ui/media";
import { useColours } from "../ui/preferences";
import { ChartTable } from "./ChartTable";
import { type ChartBucket, type ChartLine, reading } from "./model";
import { makePlot, type PlotSpec } from "./plot";
import { Tooltip } from "./Tooltip";
import { useReading } from "./useReading";
import { useWidth } from "./useWidth";

interface Props {
  id: string;
  title: string;
  summary: string;
  buckets: ChartBucket[];
  lines: ChartLine[];
  /** A ratio under the lines with the same x axis; never a second y axis. */
  strip?: ChartLine | null;
  /** What is said beside an unfinished bucket. */
  soFar: string;
  asTable: boolean;
}

const slice = (line: ChartLine, from: number, to: number): ChartLine => ({
  ...line,
  values: line.values.slice(from, to + 1),
  previous: line.previous?.slice(from, to + 1),
});

export function TimeChart(props: Props) {
  const { id, title, summary, soFar, asTable } = props;
  const label = useId();
  const phone = useMedia(PHONE);
  const [zoom, setZoom] = useState<[number, number] | null>(null);
  const count = props.buckets.length;
  const [from, to] = zoom && zoom[1] < count ? zoom : [0, count - 1];
  const buckets = useMemo(() => props.buckets.slice(from, to + 1), [props.buckets, from, to]);
  const lines = useMemo(() => props.lines.map((line) => slice(line, from, to)), [props.lines, from, to]);
  const strip = useMemo(() => (props.strip ? slice(props.strip, from, to) : null), [props.strip, from, to]);
  const all = strip ? [...lines, strip] : lines;
  const read = useReading({
    count: buckets.length,
    lines: all.length,
    describe: (index, line) => {
      const one = all[line];
      return reading(buckets[index], one ? [one] : all, index, t.dashboard.noFigure);
    },
    onZoom: (a, b) => setZoom([from + a, from + b]),
  });
  const bucket = read.index === null ? undefined : buckets[read.index];
  return (
    <figure
      aria-labelledby={`${label}-title`}
      aria-describedby={`${label}-summary`}
      data-testid={`chart-${id}`}
      className="min-w-0"
    >
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-4 pb-1 text-sm text-ink-soft sm:px-5">
        <span id={`${label}-title`} className="sr-only">
          {title}
        </span>
        <span id={`${label}-summary`}>{summary}</span>
        {!asTable && <Legend lines={lines} compared={lines.some((line) => line.previous)} phone={phone} />}
        {zoom && (
          <Button className="h-7 px-2 text-xs" onClick={() => setZoom(null)}>
            {t.dashboard.resetZoom}
          </Button>
        )}
      </figcaption>
      {asTable ? (
        <ChartTable id={id} title={title} buckets={buckets} lines={all} soFar={soFar} />
      ) : (
        <div
          role="application"
          aria-roledescription="chart"
          aria-label={`${title}. ${t.dashboard.chartHelp}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart's one tab stop
          tabIndex={0}
          onKeyDown={read.onKeyDown}
          onBlur={read.clear}
          className="relative mx-2 min-w-0 rounded-lg pb-2 focus-visible:outline-offset-0 sm:mx-3"
        >
          <Plots
            buckets={buckets}
            lines={lines}
            strip={strip}
            phone={phone}
            index={read.index}
            mark={read.mark}
            onMove={read.setIndex}
            onSelect={(a, b) => setZoom([from + a, from + b])}
          />
          {bucket && read.index !== null && (
            <Tooltip
              bucket={bucket}
              lines={all}
              index={read.index}
              share={buckets.length > 1 ? read.index / (buckets.length - 1) : 0.5}
              soFar={soFar}
            />
          )}
        </div>
      )}
    </figure>
  );
}

function Legend({ lines, compared, phone }: { lines: ChartLine[]; compared: boolean; phone: boolean }) {
  if (!phone && !compared) return null;
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft" aria-hidden="true">
      {phone &&
        lines.map((line) => (
          <li key={line.id} className="flex items-center gap-1.5">
            <svg className="h-2 w-4" viewBox="0 0 16 8" aria-hidden="true">
              <path d="M0 4h16" stroke={`var(--${line.colour})`} strokeWidth="2" />
            </svg>
            {line.label}
          </li>
        ))}
      {compared && (
        <li className="flex items-center gap-1.5">
          <svg className="h-2 w-4" viewBox="0 0 16 8" aria-hidden="true">
            <path d="M0 4h16" stroke="var(--compare)" strokeWidth="1.5" strokeDasharray="4 3" />
          </svg>
          {t.dashboard.previous}
        </li>
      )}
    </ul>
  );
}

interface PlotsProps {
  buckets: ChartBucket[];
  lines: ChartLine[];
  strip: ChartLine | null;
  phone: boolean;
  index: number | null;
  mark: number | null;
  onMove: (index: number | null) => void;
  onSelect: (from: number, to: number) => void;
}

function Plots({ buckets, lines, strip, phone, index, mark, onMove, onSelect }: PlotsProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const main = useRef<HTMLDivElement>(null);
  const under = useRef<HTMLDivElement>(null);
  const plots = useRef<uPlot[]>([]);
  const colours = useColours();
  const select = useRef(onSelect);
  select.current = onSelect;

  useEffect(() => {
    if (!main.current || width === 0 || buckets.length === 0) return;
    const base: Omit<PlotSpec, "lines" | "height" | "dates" | "gridlines" | "named"> = {
      buckets,
      width,
      phone,
      theme: colours,
      room: !phone && width > 560,
    };
    let moving = false;
    const events = {
      onMove: (at: number | null) => {
        if (moving) return;
        moving = true;
        onMove(at);
        for (const plot of plots.current) {
          if (at !== plot.cursor.idx) plot.setCursor({ left: at === null ? -10 : plot.valToPos(at, "x"), top: 0 });
        }
        moving = false;
      },
      onSelect: (a: number, b: number) => select.current(a, b),
    };
    const height = phone ? 220 : 288;
    plots.current = [
      makePlot(main.current, { ...base, lines, height, dates: !strip, gridlines: 4, named: base.room }, events),
    ];
    if (strip && under.current) {
      const small = { ...base, lines: [strip], height: phone ? 92 : 104, dates: true, gridlines: 2, named: false };
      plots.current.push(makePlot(under.current, small, events));
    }
    return () => {
      for (const plot of plots.current) plot.destroy();
      plots.current = [];
    };
  }, [buckets, lines, strip, phone, width, colours, onMove]);

  useEffect(() => {
    for (const plot of plots.current) {
      if (plot.cursor.idx !== index) plot.setCursor({ left: index === null ? -10 : plot.valToPos(index, "x"), top: 0 });
      const [a, b] = mark === null || index === null ? [0, 0] : [Math.min(mark, index), Math.max(mark, index)];
      const start = plot.valToPos(a, "x");
      plot.setSelect(
        { left: start, top: 0, width: a === b ? 0 : plot.valToPos(b, "x") - start, height: plot.over.clientHeight },
        false,
      );
    }
  }, [index, mark]);

  return (
    <div ref={box} className="min-w-0 overflow-hidden" aria-hidden="true">
      <div ref={main} className={phone ? "h-[220px]" : "h-72"} />
      {strip && (
        <>
          <p className={cx("pb-0.5 text-xs text-ink-mute", phone ? "pl-0.5" : "pl-[58px]")}>{strip.label}</p>
          <div ref={under} className={phone ? "h-[92px]" : "h-[104px]"} />
        </>
      )}
    </div>
  );
}
