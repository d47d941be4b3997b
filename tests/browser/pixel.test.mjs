// The pixel in a real page of a shop: added on the settings page, pasted, and heard only as far as the visitor agrees.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, it } from "node:test";
import { axe, BRAND, calm, DEMO, fits, OWNER, openBrowser, openSignedIn } from "./support.mjs";

const AGENT =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
let browser;
let shop;
let origin;
let snippet = "";
before(async () => {
  browser = await openBrowser();
  shop = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>${request.url}</title><h1>Shop</h1>${snippet}`);
  });
  shop.listen(0, "127.0.0.1");
  await once(shop, "listening");
  origin = `http://127.0.0.1:${shop.address().port}`;
});
after(async () => {
  await browser?.close();
  shop?.close();
});

/** A page of a visitor who is no machine; `sent` lists what it told. */
async function visitor({ objects = false } = {}) {
  const context = await browser.newContext({ userAgent: AGENT });
  await context.addInitScript((gpc) => {
    Object.defineProperty(Navigator.prototype, "webdriver", { get: () => false });
    Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => gpc });
  }, objects);
  const page = await context.newPage();
  page.sent = [];
  page.failed = [];
  page.on("pageerror", (error) => page.failed.push(error.message));
  // What a beacon is answered Chromium tells nobody; that it was taken show the figures at the end.
  page.on("request", (request) => {
    if (request.url().includes("/px/")) page.sent.push(JSON.parse(request.postData() ?? "{}"));
  });
  return page;
}

const told = (page) => page.sent.flatMap((message) => message.e.map((event) => event.k));

it("is added in the brand's settings, which say what to paste", async () => {
  const page = await openSignedIn(browser, { email: OWNER, allow: [/status of 422/] });
  await page.goto("/settings/brand");
  await page.getByRole("button", { name: "Add a site" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Our shop");
  await dialog.getByLabel("Address of the shop").fill("nonsense");
  await dialog.getByRole("button", { name: "Add a site" }).click();
  await dialog.getByText(/An origin is like/).waitFor();
  await dialog.getByLabel("Address of the shop").fill(origin);
  await dialog.getByRole("button", { name: "Add a site" }).click();
  assert.match(await page.locator('[data-testid="secret"]').inputValue(), /^pps_/);
  await page.getByRole("button", { name: "Done" }).click();
  snippet = await page.getByRole("textbox", { name: "Snippet of Our shop" }).inputValue();
  assert.match(snippet, /px\.js.*data-site="[0-9a-f]{48}".*data-consent="required"/);
  await axe(page, "the brand's settings");
  await fits(page, "the brand's settings");
  calm(page, "adding a site");
});

it("tells nothing before the visitor agrees, then what they do, and nothing once they withdraw", async () => {
  const page = await visitor();
  await page.goto(`${origin}/?utm_source=klaviyo&utm_medium=email&email=ann@shop.example`);
  await page.waitForTimeout(1_500);
  assert.deepEqual(page.sent, []);
  assert.equal(await page.evaluate(() => localStorage.getItem("_pp")), null);
  await page.evaluate(() => window.pulsepoint("consent", true));
  await page.evaluate(() => history.pushState({}, "", "/products/tote"));
  await page.evaluate(() => new Promise((done) => setTimeout(done, 50)));
  await page.evaluate(() => window.pulsepoint("add_to_cart"));
  while (page.sent.length === 0) await page.waitForTimeout(20);
  assert.deepEqual(told(page), ["page", "product", "add_to_cart"]);
  const text = JSON.stringify(page.sent);
  assert.ok(text.includes("utm_source=klaviyo") && !text.includes("ann@"), text);
  const before = page.sent.length;
  await page.evaluate(() => window.pulsepoint("consent", false));
  await page.evaluate(() => window.pulsepoint("checkout"));
  await page.waitForTimeout(1_500);
  assert.equal(page.sent.length, before);
  assert.equal(await page.evaluate(() => localStorage.getItem("_pp")), null);
  assert.deepEqual(page.failed, []);
});

it("heeds Global Privacy Control", async () => {
  const page = await visitor({ objects: true });
  await page.goto(origin);
  await page.evaluate(() => window.pulsepoint("consent", true));
  await page.evaluate(() => window.pulsepoint("purchase", { order: 1 }));
  await page.waitForTimeout(1_500);
  assert.deepEqual(page.sent, []);
});

it("never stands in the way of a page whose Pulsepoint is gone", async () => {
  const page = await visitor();
  const whole = snippet;
  snippet = whole.replace(DEMO, "http://127.0.0.1:9").replace(/http:\/\/localhost:\d+/, "http://127.0.0.1:9");
  await page.goto(origin);
  await page.getByRole("heading", { name: "Shop" }).waitFor();
  snippet = whole;
  assert.deepEqual(page.failed, []);
});

it("becomes figures", async () => {
  const login = await fetch(`${DEMO}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: OWNER, password: "pulsepoint-demo" }),
  });
  const { access_token } = await login.json();
  const query = {
    metrics: ["sessions"],
    dimensions: ["campaign", "landing_page", "device"],
    filters: [{ dim: "source", op: "eq", value: "klaviyo" }],
    time: { range: "today" },
  };
  const answer = await fetch(`${DEMO}/api/brands/${BRAND}/query`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${access_token}` },
    body: JSON.stringify(query),
  });
  const found = await answer.json();
  const ours = found.rows.filter(([campaign]) => campaign === null);
  assert.deepEqual(ours, [[null, "/", "desktop", 1]], JSON.stringify(found));
});
