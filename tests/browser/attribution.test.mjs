// The page about attribution: what it shows is what the API says, in every state, at a desk and on a phone.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { json, screensAt, WIDTHS } from "./screens.mjs";
import { BRAND, calm, openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const MODELS = ["first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay", "markov", "shapley"];
const figures = (revenue, spend) => ({
  ad_spend: spend,
  platform_conversions: "12.00",
  platform_reported_revenue: "1830.00",
  platform_roas: spend === "0.00" ? null : "4.333333",
  by_model: MODELS.map((model, at) => ({
    model,
    orders: `${at + 1}.500000`,
    revenue: at === 7 ? "-1.73" : revenue,
    roas: spend === "0.00" ? null : "2.500000",
  })),
});
const brand = { id: "b1", slug: BRAND, name: "Juniper & Oak", currency: "USD", timezone: "America/New_York", week_start: 1, demo: true };
const window = { start: "2026-10-23", end: "2026-11-22", timezone: "America/New_York", partial: false, partial_until: null };
const freshness = { version: 1, data_through: "2026-11-21T00:00:00Z", sources: [] };
const body = {
  brand,
  window,
  models: MODELS,
  window_days: 28,
  channels: [
    { channel: "meta", ...figures("128400.12", "30000.00") },
    { channel: "a channel with a rather long name that <b>somebody</b> typed into a link", ...figures("10.00", "0.00") },
    { channel: "unattributed", ...figures("30.00", "0.00") },
  ],
  total: figures("128440.12", "30000.00"),
  notes: [],
  freshness,
};
const paths = {
  brand,
  window,
  window_days: 28,
  paths: [
    { channels: ["meta", "google", "direct", "meta"], orders: 7, sales: "700.00", touches: "4.500000", days: "3.250000" },
    { channels: ["email"], orders: 2, sales: "90.00", touches: "1.000000", days: "0.100000" },
  ],
  truncated: true,
  touches: [{ at: 1, orders: 2 }],
  days_to_convert: [{ at: 0, orders: 2 }],
  orders: 9,
  unattributed: 3,
  freshness,
};

const SCREEN = {
  name: "attribution",
  path: `/b/${BRAND}/attribution`,
  api: `**/api/brands/${BRAND}/attribution*`,
  full: '[data-testid="table-attribution"]',
  fullBody: body,
  empty: (route) => route.fulfill(json(200, { ...body, channels: [{ ...body.channels[2], by_model: [] }] })),
};

for (const width of WIDTHS) {
  describe(`${width} px`, () => screensAt(width, [SCREEN], () => browser));
}

it("shows each model's figures digit by digit, and what is chosen stands in the address", async () => {
  const page = await openSignedIn(browser);
  const asked = [];
  await page.route(`**/api/brands/${BRAND}/attribution*`, (route) => {
    asked.push(new URL(route.request().url()).search);
    return route.fulfill(json(200, body));
  });
  await page.route(`**/api/brands/${BRAND}/attribution/paths*`, (route) => route.fulfill(json(200, paths)));
  await page.goto(`/b/${BRAND}/attribution`);
  const table = page.locator('[data-testid="table-attribution"]');
  await table.waitFor();
  const rows = table.locator("tbody tr");
  assert.equal(await rows.count(), 3);
  const cells = await rows.first().locator("[data-value]").evaluateAll((all) => all.map((cell) => cell.dataset.value));
  assert.deepEqual(cells, body.channels[0].by_model.map((model) => model.revenue));
  assert.ok((await rows.nth(1).innerText()).includes("<b>somebody</b>"), "a name is text");
  assert.ok((await rows.first().innerText()).includes("-$1.73"), "a negative value is shown");
  await page.getByText("Orders", { exact: true }).first().click();
  await page.waitForURL(/show=orders/);
  const orders = await rows.first().locator("[data-value]").evaluateAll((all) => all.map((cell) => cell.dataset.value));
  assert.deepEqual(orders, body.channels[0].by_model.map((model) => model.orders));
  await page.getByLabel("Touches count").selectOption("7");
  await page.waitForURL(/window=7/);
  await page.getByLabel("Time decay halves in").selectOption("14");
  await page.waitForURL(/half=14/);
  await page.getByLabel("Position weights").selectOption("30,40,30");
  await page.waitForURL(/weights=30/);
  await page.getByLabel("Touches count").selectOption("lifetime");
  await page.waitForURL(/window=lifetime/);
  await table.waitFor();
  assert.ok(asked.some((query) => query.includes("window_days=7")) && asked.some((query) => query.includes("lifetime=true")));
  const told = asked.map((query) => new URLSearchParams(query));
  assert.ok(told.some((query) => query.get("half_life_days") === "14" && query.get("position_weights") === "30,40,30"));
  const ways = page.locator('[data-testid="table-paths"] tbody tr');
  assert.equal(await ways.count(), 2);
  assert.deepEqual(await ways.first().locator("li").allInnerTexts(), ["Meta", "Google", "Direct", "Meta"]);
  calm(page, "attribution");
  await page.context().close();
});

it("a shop without touches says so", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}/attribution?range=7d`);
  await page.locator('[data-testid="table-attribution"], [data-testid="state-empty"]').first().waitFor();
  calm(page, "attribution of the demo");
  await page.context().close();
});
