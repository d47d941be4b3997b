#!/usr/bin/env node
// The list of what the binary is made of, as CycloneDX 1.6: every crate that is linked, as cargo resolved it for this machine, and
// every package that the page is built from. `packaging/sbom.mjs [target]` writes it to standard output.
//
// It names no time and no machine, so that the same sources give the same list.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (program, ...args) => execFileSync(program, args, { cwd: root, maxBuffer: 1 << 28, encoding: "utf8" });
const target = process.argv[2] ?? /^host: (.+)$/m.exec(run(process.env.RUSTC ?? "rustc", "-vV"))[1];
const filter = ["--locked", "--offline", "--format-version=1", "--filter-platform", target];
const metadata = JSON.parse(run(process.env.CARGO ?? "cargo", "metadata", ...filter));
const checksums = new Map();
for (const [, name, version, sum] of readFileSync(join(root, "Cargo.lock"), "utf8").matchAll(
  /^name = "(.+)"\nversion = "(.+)"\n(?:source = .+\n)?(?:checksum = "(.+)")?/gm,
)) {
  checksums.set(`${name} ${version}`, sum);
}

const licences = (expression) => (expression ? [{ expression: expression.replaceAll(/ *\/ */g, " OR ").replaceAll(/ +/g, " ") }] : undefined);
const packages = new Map(metadata.packages.map((one) => [one.id, one]));
const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
const own = metadata.resolve.root;
// A crate called -src hands C sources to the build script that compiles them in.
const isLinked = (dependency) =>
  dependency.dep_kinds.some((kind) => kind.kind === null || (kind.kind === "build" && dependency.name.endsWith("_src")));
const purl = (one) => `pkg:cargo/${one.name}@${one.version}`;

/** The crates below the binary that end up in it: not what only builds or tests it, and no macro's own. */
const linked = new Map();
const open = [own];
while (open.length > 0) {
  const id = open.pop();
  if (linked.has(id)) continue;
  const isMacro = packages.get(id).targets.some((one) => one.kind.includes("proc-macro"));
  const below = isMacro ? [] : nodes.get(id).deps.filter(isLinked).map((dependency) => dependency.pkg);
  linked.set(id, below);
  open.push(...below);
}

const crate = (id) => {
  const one = packages.get(id);
  const sum = checksums.get(`${one.name} ${one.version}`);
  return {
    type: "library",
    "bom-ref": purl(one),
    name: one.name,
    version: one.version,
    licenses: licences(one.license),
    hashes: sum ? [{ alg: "SHA-256", content: sum }] : undefined,
    purl: purl(one),
  };
};

const lock = JSON.parse(readFileSync(join(root, "web/package-lock.json"), "utf8"));
const script = ([path, one]) => {
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const at = `pkg:npm/${name.replace("@", "%40")}@${one.version}`;
  const [kind, sum] = one.integrity.split("-");
  return {
    type: "library",
    "bom-ref": at,
    name,
    version: one.version,
    licenses: licences(one.license),
    hashes: [{ alg: kind.replace("sha", "SHA-"), content: Buffer.from(sum, "base64").toString("hex") }],
    purl: at,
  };
};
const shipped = Object.entries(lock.packages).filter(([path, one]) => path !== "" && !one.dev && !one.devOptional);
const scripts = [...new Map(shipped.map(script).map((one) => [one.purl, one])).values()];

const byRef = (one, other) => (one["bom-ref"] < other["bom-ref"] ? -1 : 1);
const crates = [...linked.keys()].filter((id) => id !== own).map(crate);
const self = purl(packages.get(own));
const dependencies = [...linked].map(([id, below]) => ({
  ref: purl(packages.get(id)),
  dependsOn: [...new Set(below.map((one) => purl(packages.get(one))))].sort(),
}));
dependencies.find((one) => one.ref === self).dependsOn.push(...scripts.map((one) => one.purl));
const components = [...crates, ...scripts].sort(byRef);
const digest = createHash("sha256").update(JSON.stringify(components)).digest("hex");
const uuid = [digest.slice(0, 8), digest.slice(8, 12), `5${digest.slice(13, 16)}`, `8${digest.slice(17, 20)}`, digest.slice(20, 32)];
const list = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  serialNumber: `urn:uuid:${uuid.join("-")}`,
  version: 1,
  metadata: { component: { ...crate(own), type: "application", hashes: undefined } },
  components,
  dependencies: dependencies.sort((one, other) => (one.ref < other.ref ? -1 : 1)),
};
process.stdout.write(`${JSON.stringify(list, null, 1)}\n`);
