// Starts the real binary (demo data; two empty folders, one of which stays so; one that asks simulated platforms, and those), runs every
// *.test.mjs beside this file against it, stops it.
//
//   PULSEPOINT_BIN=…/pulsepoint node tests/browser/run.mjs [file …]
//
// Needs Debian's chromium and `npm ci` in web/. Everything it writes lies in one temporary folder, removed at the end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const here = new URL(".", import.meta.url).pathname;
const binary = process.env.PULSEPOINT_BIN ?? new URL("../../dist/pulsepoint", import.meta.url).pathname;
if (!existsSync(binary)) {
  console.error(`No binary at ${binary}: run "make build", or set PULSEPOINT_BIN.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "pulsepoint-browser-"));
const children = [];

/** Starts one instance and resolves with its address once it says that it listens. */
function start(name, args, more = {}) {
  const env = { ...process.env, PULSEPOINT_RATE_LIMIT_PER_MINUTE: "0", NO_COLOR: "1", ...more };
  const child = spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const lines = [];
  return new Promise((resolve, reject) => {
    const read = (line) => {
      lines.push(line);
      const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (url) resolve({ url, lines });
    };
    createInterface({ input: child.stdout }).on("line", read);
    createInterface({ input: child.stderr }).on("line", read);
    child.on("exit", (code) => reject(new Error(`${name} ended with ${code}:\n${lines.slice(-30).join("\n")}`)));
  });
}

/** A port that nobody listens on: an instance has to be told its public address before it starts. */
async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** One that knows its public address, where people come back to; on another port where somebody took this one meanwhile. */
async function startKnown(name, args, more = {}, tries = 3) {
  const port = await freePort();
  const all = [...args, "--listen", `127.0.0.1:${port}`, "--data", join(folder, `${name}-${tries}`)];
  try {
    return await start(name, all, { PULSEPOINT_PUBLIC_URL: `http://localhost:${port}`, ...more });
  } catch (error) {
    if (tries <= 1 || !/listening on/.test(error.message)) throw error;
    return startKnown(name, args, more, tries - 1);
  }
}

/** The platforms, simulated, and an instance that asks them. */
async function startWired() {
  const sandbox = await start("sandbox", ["sandbox", "--listen", "127.0.0.1:0", "--orders", "400", "--days", "60"]);
  const wired = await startKnown("wired", ["serve"], {
    PULSEPOINT_SANDBOX_URL: sandbox.url,
    // A report of Meta takes its time, also a simulated one: a week of history is read without.
    PULSEPOINT_SYNC_HISTORY_DAYS: "7",
  });
  return { PP_SANDBOX: sandbox.url, PP_WIRED: wired.url, PP_WIRED_TOKEN: tokenIn(wired.lines) };
}

async function stop() {
  for (const child of children) {
    child.removeAllListeners("exit");
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await once(child, "exit");
      clearTimeout(late);
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The token of the first run, as a person would find it in the log. */
function tokenIn(lines) {
  for (const line of lines) {
    const token = /token[^\w]+([\w-]{12,})/i.exec(line)?.[1];
    if (token) return token;
  }
  throw new Error(`no setup token in the log:\n${lines.join("\n")}`);
}

let code = 1;
try {
  const [demo, fresh, blank, wired] = await Promise.all([
    startKnown("demo", ["demo", "--now", "2026-11-20T18:20:00Z"]),
    start("serve", ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "fresh")]),
    start("serve", ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "blank")]),
    startWired(),
  ]);
  const page = await (await fetch(`${demo.url}/login`)).text();
  if (!page.includes('id="root"')) throw new Error("This binary was built without its pages: run \"make build\".");
  const named = process.argv.slice(2);
  const files = (named.length > 0 ? named : readdirSync(here).filter((name) => name.endsWith(".test.mjs"))).map((name) =>
    name.includes("/") ? name : join(here, name),
  );
  // One file at a time: signing out ends every session of that person, also those of a file that runs beside it.
  const runner = spawn(process.execPath, ["--test", "--test-concurrency=1", "--test-timeout=420000", ...files], {
    env: {
      ...process.env,
      PP_DEMO: demo.url,
      PP_FRESH: fresh.url,
      PP_BLANK: blank.url,
      PP_TOKEN: tokenIn(fresh.lines),
      ...wired,
    },
    stdio: "inherit",
  });
  [code] = await once(runner, "exit");
} catch (error) {
  console.error(error.message);
} finally {
  await stop();
}
process.exit(code ?? 1);
