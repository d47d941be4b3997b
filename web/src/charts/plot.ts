/** uPlot, told how Pulsepoint draws: zero-based, few gridlines, dashes for what is compared or unfinished. */
import uPlot from "uplot";
import { formatAxis, toNumber } from "../format/number";
import { type ChartBucket, type ChartLine, labelled, splitPartial, ticks } from "./model";

export interface PlotSpec {
  buckets: ChartBucket[];
  lines: ChartLine[];
  width: number;
  height: number;
  phone: boolean;
  /** Bucket names under the plot. */
  dates: boolean;
  gridlines: number;
  /** Room at the right end for the names of the lines, and whether they are written there. */
  room: boolean;
  named: boolean;
  /** Changes when colours do. */
  theme: string;
}

export interface PlotEvents {
  onMove: (index: number | null) => void;
  onSelect: (from: number, to: number) => void;
}

const AXIS = 58;
const LABEL_ROOM = 104;

const COLOURS = [
  ...["surface", "line", "compare", "ink-soft", "ink-mute"],
  ...[1, 2, 3, 4, 5, 6].map((number) => `series-${number}`),
];
let resolved: { theme: string; ink: (name: string) => string; font: string } | null = null;

/**
 * Colour variables as the canvas needs them; `light-dark()` resolves only through elements. All at once and once a
 * theme, because asking makes the browser lay out the page.
 */
function inks(theme: string) {
  if (resolved?.theme === theme) return resolved;
  const probe = document.createElement("div");
  for (const name of COLOURS) {
    const element = document.createElement("i");
    element.style.color = `var(--${name})`;
    probe.append(element);
  }
  document.body.append(probe);
  const colours = new Map(COLOURS.map((name, at) => [name, getComputedStyle(probe.children[at] as Element).color]));
  const font = `11px ${getComputedStyle(probe).fontFamily}`;
  probe.remove();
  resolved = { theme, ink: (name) => colours.get(name) ?? "", font };
  return resolved;
}

interface Drawn {
  series: uPlot.Series[];
  columns: (number | null)[][];
}

function draw(spec: PlotSpec): Drawn {
  const { ink } = inks(spec.theme);
  const series: uPlot.Series[] = [{}];
  const columns: (number | null)[][] = [spec.buckets.map((_, index) => index)];
  const add = (values: (number | null)[], options: uPlot.Series) => {
    const single = values.filter((value) => value !== null).length === 1;
    series.push({ points: { show: single, size: 6 }, ...options });
    columns.push(values);
  };
  for (const line of spec.lines) {
    if (!line.previous) continue;
    add(line.previous.map(toNumber), { stroke: ink("compare"), width: 1.5, dash: [4, 4] });
  }
  for (const line of spec.lines) {
    const stroke = ink(line.colour);
    const { solid, tail } = splitPartial(line.values, spec.buckets);
    add(tail, { stroke, width: 2, dash: [3, 4], points: { show: false } });
    add(solid, { stroke, width: 2 });
  }
  return { series, columns };
}

/** Draws hollow ends of running buckets, names at the right ends and, on phones, figures inside the plot. */
function decorate(spec: PlotSpec, splits: number[]) {
  const { ink, font } = inks(spec.theme);
  const [ground, soft, mute] = [ink("surface"), ink("ink-soft"), ink("ink-mute")];
  return (u: uPlot) => {
    const { ctx } = u;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.font = font.replace("11px", `${11 * ratio}px`);
    ctx.textBaseline = "middle";
    const ends: { y: number; text: string }[] = [];
    for (const line of spec.lines) {
      const numbers = line.values.map(toNumber);
      const last = numbers.findLastIndex((value) => value !== null);
      if (last < 0) continue;
      const x = u.valToPos(last, "x", true);
      const y = u.valToPos(numbers[last] ?? 0, "y", true);
      ends.push({ y, text: line.label });
      if (!spec.buckets[last]?.partial) continue;
      ctx.beginPath();
      ctx.arc(x, y, 3.5 * ratio, 0, 2 * Math.PI);
      ctx.fillStyle = ground;
      ctx.fill();
      ctx.lineWidth = 2 * ratio;
      ctx.strokeStyle = ink(line.colour);
      ctx.stroke();
    }
    if (spec.named) {
      ctx.fillStyle = soft;
      ctx.textAlign = "left";
      let free = Number.NEGATIVE_INFINITY;
      for (const end of ends.sort((a, b) => a.y - b.y)) {
        const y = Math.max(end.y, free);
        ctx.fillText(end.text, u.bbox.left + u.bbox.width + 10 * ratio, y, (LABEL_ROOM - 14) * ratio);
        free = y + 14 * ratio;
      }
    }
    if (spec.phone) {
      ctx.fillStyle = mute;
      ctx.strokeStyle = ground;
      ctx.lineWidth = 3 * ratio;
      ctx.textAlign = "left";
      ctx.textBaseline = "bottom";
      const style = spec.lines[0]?.style ?? { unit: "count" };
      for (const split of splits.slice(1)) {
        const [x, y] = [u.bbox.left - 12 * ratio, u.valToPos(split, "y", true) - 2 * ratio];
        ctx.strokeText(formatAxis(split, style), x, y);
        ctx.fillText(formatAxis(split, style), x, y);
      }
    }
    ctx.restore();
  };
}

/** Builds one plot inside `target`. The x scale counts buckets: days are the server's, not the browser's. */
export function makePlot(target: HTMLElement, spec: PlotSpec, events: PlotEvents): uPlot {
  const { series, columns } = draw(spec);
  const numbers = columns
    .slice(1)
    .flat()
    .filter((value) => value !== null);
  const splits = ticks(Math.min(0, ...numbers), Math.max(0, ...numbers), spec.gridlines);
  const count = spec.buckets.length;
  const style = spec.lines[0]?.style ?? { unit: "count" as const };
  const left = spec.phone ? 0 : AXIS;
  const right = spec.room ? LABEL_ROOM : 12;
  const shown = labelled(count, Math.floor((spec.width - left - right) / 76));
  const { ink, font } = inks(spec.theme);
  const mute = ink("ink-mute");
  return new uPlot(
    {
      width: spec.width,
      height: spec.height,
      padding: [spec.phone ? 16 : 8, right, spec.dates ? 0 : 6, spec.phone ? 16 : 0],
      legend: { show: false },
      series,
      scales: {
        x: { time: false, range: () => (count > 1 ? [0, count - 1] : [-0.5, 0.5]) },
        y: { range: () => [splits[0] ?? 0, splits.at(-1) ?? 1] },
      },
      axes: [
        {
          show: spec.dates,
          size: 26,
          gap: 6,
          font,
          stroke: mute,
          grid: { show: false },
          ticks: { show: false },
          splits: () => shown,
          values: () => shown.map((index) => spec.buckets[index]?.label ?? ""),
        },
        {
          size: left,
          gap: 8,
          font,
          stroke: mute,
          grid: { stroke: ink("line"), width: 1 },
          ticks: { show: false },
          splits: () => splits,
          values: () => (spec.phone ? splits.map(() => "") : splits.map((value) => formatAxis(value, style))),
        },
      ],
      cursor: {
        x: true,
        y: false,
        points: { size: 7, width: 2 },
        // The line stands on the bucket that is read, not between two.
        move: (u, left, top) => [left < 0 ? left : u.valToPos(u.posToIdx(left), "x"), top],
        drag: { x: count > 2, y: false, setScale: false, dist: 8 },
      },
      hooks: {
        draw: [decorate(spec, splits)],
        setCursor: [(u) => events.onMove(u.cursor.idx ?? null)],
        setSelect: [
          (u) => {
            if (u.select.width < 8) return;
            const from = u.posToIdx(u.select.left);
            const to = u.posToIdx(u.select.left + u.select.width);
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (to > from) events.onSelect(from, to);
          },
        ],
      },
    },
    columns as uPlot.AlignedData,
    target,
  );
}
