// Holds the build to its weight: what each first load fetches, gzipped, by Vite's own manifest.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8"));
const size = (file) => gzipSync(readFileSync(new URL(file, DIST)), { level: 9 }).length / 1000;

/** Files of some entries and of all that they import at once. */
function filesOf(keys) {
  const js = new Set();
  const css = new Set();
  const seen = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(key)) return;
    seen.add(key);
    js.add(chunk.file);
    for (const file of chunk.css ?? []) css.add(file);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const key of keys) visit(key);
  return { js: [...js], css: [...css] };
}

const ENTRY = "index.html";
const SHELL = "src/shell/Shell.tsx";
const first = (...keys) => filesOf([ENTRY, ...keys]).js.reduce((sum, file) => sum + size(file), size("boot.js"));
const all = Object.keys(manifest);

const lines = [
  ["login", first("src/pages/door/Login.tsx"), 130],
  ["dashboard", first(SHELL, "src/pages/dashboard/Dashboard.tsx"), 230],
  ["customers", first(SHELL, "src/pages/customers/Customers.tsx"), 260],
  ["attribution", first(SHELL, "src/pages/attribution/Attribution.tsx"), 260],
  ["import", first(SHELL, "src/pages/imports/Imports.tsx"), 260],
  ["integrations", first(SHELL, "src/pages/integrations/Integrations.tsx"), 260],
  ["people", first(SHELL, "src/pages/settings/People.tsx"), 260],
  ["backups", first(SHELL, "src/pages/operate/Backups.tsx"), 260],
  ["audit", first(SHELL, "src/pages/operate/Audit.tsx"), 260],
  ["brand", first(SHELL, "src/pages/settings/BrandPage.tsx"), 260],
  [
    "all scripts",
    filesOf(all)
      .js.filter((file) => file.endsWith(".js"))
      .reduce((sum, file) => sum + size(file), 0),
    480,
  ],
  ["style sheets", filesOf(all).css.reduce((sum, file) => sum + size(file), 0), 25],
];

let over = false;
for (const [name, kilobytes, limit] of lines) {
  const bad = kilobytes > limit;
  over ||= bad;
  console.log(`${name.padEnd(14)}${kilobytes.toFixed(1).padStart(8)} kB gz of ${limit}${bad ? "  TOO MUCH" : ""}`);
}
const missing = [ENTRY, SHELL, "src/pages/door/Login.tsx"].filter((key) => !manifest[key]);
if (missing.length > 0) throw new Error(`not in the manifest: ${missing.join(", ")}`);
process.exit(over ? 1 : 0);
