/** The colours keep their promises when somebody changes a token: contrast, and distance under colour-vision deficiencies. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Rgb = [number, number, number];

const css = readFileSync("src/styles.css", "utf8");

function pair(name: string): [light: Rgb, dark: Rgb] {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  if (!found) throw new Error(`no token ${name}`);
  const rgb = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as Rgb;
  return [rgb(found[1] ?? ""), rgb(found[2] ?? "")];
}

const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]: Rgb) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1. */
const VISION: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen(rgb: Rgb, matrix: number[][]): Rgb {
  const light = rgb.map(linear);
  return matrix.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, k, at) => sum + k * (light[at] ?? 0), 0),
      ),
    ),
  ) as Rgb;
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const distance = (a: Rgb, b: Rgb) => 100 * Math.hypot(...a.map((x, at) => x - (b[at] ?? 0)));
const THEMES = ["light", "dark"] as const;

describe.each(THEMES.map((name, at) => ({ name, at: at as 0 | 1 })))("$name", ({ at }) => {
  const of = (name: string) => pair(name)[at];

  it.each(["ink", "ink-soft", "ink-mute", "accent", "good", "bad", "danger", "warn"])(
    "text in %s reads on every ground",
    (name) => {
      for (const ground of ["surface", "ground", "raised", "sunken"]) {
        expect(contrast(of(name), of(ground)), ground).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  it("graphics stand out", () => {
    for (const name of [
      "line-strong",
      "compare",
      "series-1",
      "series-2",
      "series-3",
      "series-4",
      "series-5",
      "series-6",
    ]) {
      expect(contrast(of(name), of("surface")), name).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(Object.keys(VISION))("series stay apart under %s", (vision) => {
    const colours = [1, 2, 3, 4, 5, 6].map((n) => oklab(seen(of(`series-${n}`), VISION[vision] ?? [])));
    for (const [i, a] of colours.entries()) {
      for (const b of colours.slice(i + 1)) expect(distance(a, b)).toBeGreaterThanOrEqual(12);
    }
  });
});
