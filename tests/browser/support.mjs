// What the browser tests share: a browser, signed-in pages, and the watch over everything that must not happen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const DEMO = process.env.PP_DEMO;
export const FRESH = process.env.PP_FRESH;
/** Never set up. */
export const BLANK = process.env.PP_BLANK;
export const TOKEN = process.env.PP_TOKEN;
/** Asks simulated platforms; where they are. */
export const WIRED = process.env.PP_WIRED;
export const SANDBOX = process.env.PP_SANDBOX;
export const BRAND = "juniper-oak";
const PASSWORD = "pulsepoint-demo";
export const OWNER = "owner@juniper-oak.example";

/** One browser for a file; Debian's own, for a downloaded one would be a second source of truth. */
export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
  });
}

/** A page that remembers what went wrong on it: `page.trouble` is a list of sentences. */
export async function openPage(browser, { base = DEMO, width = 1280, theme = "light", touch = false, allow = [] } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width, height: width < 600 ? 812 : 900 },
    colorScheme: theme,
    locale: "en-US",
    timezoneId: "America/New_York",
    hasTouch: touch,
    isMobile: touch,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.trouble = [];
  page.allow = allow;
  const host = new URL(base).host;
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.host !== host) page.trouble.push(`request to ${url.host}`);
  });
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (!page.allow.some((pattern) => pattern.test(message.text()))) page.trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.trouble.push(`uncaught: ${error.message}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
    addEventListener("unhandledrejection", (event) => console.error(`rejected: ${event.reason}`));
  });
  return page;
}

/** A signed-in page. The session's cookie comes from the API, as it would have come from the sign-in an hour ago. */
export async function openSignedIn(browser, options = {}) {
  const page = await openPage(browser, options);
  const data = { email: options.email ?? OWNER, password: options.password ?? PASSWORD };
  const answer = await page.context().request.post("/api/auth/login", { data });
  assert.equal(answer.status(), 200, `sign-in as ${data.email}: ${answer.status()}`);
  await page.addInitScript(() => localStorage.setItem("pp.session", "1"));
  return page;
}

/** Calls the API itself, for what the page has to agree with. */
export async function api(base = DEMO, email = OWNER, password = PASSWORD) {
  const login = await fetch(`${base}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  assert.equal(login.status, 200);
  const { access_token } = await login.json();
  return async (path) => {
    const response = await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${access_token}` } });
    assert.equal(response.status, 200, path);
    return response.json();
  };
}

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Runs axe through the debugger, which the page's policy cannot forbid, and fails with every violation in words. `within` narrows it down, once it is there. */
export async function axe(page, what, within = null) {
  if (within) await page.locator(within).waitFor();
  await page.evaluate(AXE);
  const violations = await page.evaluate(
    async ([tags, selector]) => {
      const result = await window.axe.run(selector ?? document, { runOnly: tags, resultTypes: ["violations"] });
      const where = (node) => `${node.target.join(" ")} (${node.any[0]?.message ?? ""})`;
      return result.violations.map((one) => `${one.id}: ${one.nodes.map(where).slice(0, 4).join(" | ")}`);
    },
    [TAGS, within],
  );
  assert.deepEqual(violations, [], `axe on ${what}`);
}

/** Nothing may stand out sideways: the page itself never scrolls horizontally. An open window gets a moment to move in. */
export async function fits(page, what) {
  const fitting = () => document.documentElement.scrollWidth <= document.documentElement.clientWidth;
  await page.waitForFunction(fitting, null, { timeout: 1000 }).catch(() => undefined);
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(excess <= 0, `${what} is ${excess} px too wide`);
}

export function calm(page, what) {
  assert.deepEqual(page.trouble, [], what);
}

/** Waits until the figures are there and nothing is being fetched. */
export async function settled(page) {
  await page.locator('[data-testid="kpi-net_sales-value"]').waitFor();
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'));
}
