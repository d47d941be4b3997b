/** What every chart is given, and the arithmetic of scales. */
import type { Figure } from "../api/types";
import { formatFigure, type Style, toNumber } from "../format/number";

export interface ChartBucket {
  /** Short, for the axis. */
  label: string;
  /** Complete, for tooltip and table. */
  title: string;
  /** The bucket it is compared with. */
  previousTitle?: string | null;
  /** Contains the present, so its figure is still growing. */
  partial: boolean;
  /** ISO day or hour, for files. */
  t: string;
}

export interface ChartLine {
  id: string;
  label: string;
  style: Style;
  /** Name of a colour variable without the dashes: `series-1`. */
  colour: string;
  values: (Figure | undefined)[];
  previous?: (Figure | undefined)[] | null;
}

/** At most `count` round steps from zero (or below, where values are) past the largest value. */
export function ticks(low: number, high: number, count = 4): number[] {
  const min = Math.min(0, low);
  const max = Math.max(0, high);
  if (max === min) return [0, 1];
  const rough = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(min / step);
  const last = Math.ceil(max / step);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Which of `count` buckets get a label when `fit` labels fit: evenly spaced, the last one always readable. */
export function labelled(count: number, fit: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, fit)));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

/** Figures split for drawing: finished buckets solid, the running one as a dashed end. */
export function splitPartial(values: (Figure | undefined)[], buckets: { partial: boolean }[]) {
  const numbers = values.map(toNumber);
  const solid = numbers.map((value, index) => (buckets[index]?.partial ? null : value));
  const tail = numbers.map((value, index) => (buckets[index]?.partial || buckets[index + 1]?.partial ? value : null));
  return { solid, tail };
}

/** One bucket in words: what the tooltip shows and the live region says. */
export function reading(bucket: ChartBucket | undefined, lines: ChartLine[], index: number, missing: string): string {
  if (!bucket) return "";
  const parts = lines.map((line) => {
    const value = line.values[index];
    return `${line.label} ${toNumber(value) === null ? missing : formatFigure(value, line.style)}`;
  });
  return `${bucket.title}: ${parts.join(", ")}`;
}
