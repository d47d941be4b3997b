// The integrations page in every state it can be in, as screens.test.mjs does it.
import { after, before, describe, it } from "node:test";
import { inspect, json, screensAt, WIDTHS } from "./screens.mjs";
import { BRAND, openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const LONG_NAME = "A shop with a name that is a good deal longer than anybody would expect it to be, GmbH & Co. KG";
const stream = (name, more = {}) => ({
  name,
  label: name,
  state: "healthy",
  rows: 1_284_000,
  cursor: "2026-11-20T17:00:00Z",
  pass: null,
  last_error: null,
  oldest: "2025-11-23",
  progress: null,
  next_at: "2026-11-20T18:00:00Z",
  ...more,
});
const one = (id, source, state, more = {}) => ({
  id,
  source,
  brand: "b1",
  state,
  error: null,
  account: `${LONG_NAME}, ${id}`,
  data_through: "2026-11-20T17:00:00Z",
  synced_at: "2026-11-20T17:00:00Z",
  next_at: "2036-11-20T18:00:00Z",
  api_version: "2026-10",
  served_version: null,
  expires_on: "2026-12-01",
  sign_in_ends_at: null,
  warnings: [],
  quota: { text: "1,840 of 2,000 points", left_percent: 92 },
  settings: {},
  webhook_path: null,
  created_at: "2026-11-01T10:00:00Z",
  streams: [stream("Orders"), stream("Products"), stream("Stock levels")],
  ...more,
});
const WHY = "The platform asks for fewer requests, says averylongwordthatdoesnotbreakanywhere_1234567890_1234567890, and means it.";
const EVERY = {
  integrations: [
    one("i1", "shopify", "healthy"),
    one("i2", "shopify", "backfilling", {
      data_through: null,
      streams: [
        stream("Orders", { state: "backfilling", pass: "backfill", cursor: null, progress: { done: 43, total: 100 } }),
        stream("Products"),
        stream("Stock levels", { state: "waiting", cursor: null }),
      ],
    }),
    one("i3", "meta_ads", "needs_sign_in", { error: WHY, next_at: null }),
    one("i4", "tiktok_ads", "degraded", { error: WHY, streams: [stream("Ads", { state: "degraded", last_error: WHY })] }),
    one("i5", "google_ads", "degraded", { error: WHY, streams: [stream("Ads", { state: "blocked", last_error: WHY })] }),
    one("i6", "google_ads", "connecting", { account: null, data_through: null, synced_at: null, quota: null }),
    one("i7", "google_ads", "paused", { next_at: null }),
  ],
};

const HERE = `/b/${BRAND}/integrations`;
const SCREENS = [
  {
    name: "integrations",
    path: HERE,
    api: `**/api/integrations?brand=${BRAND}`,
    full: '[data-testid="conn-i7"]',
    fullBody: EVERY,
    empty: (route) => route.fulfill(json(200, { integrations: [] })),
  },
  { name: "connecting Shopify", path: `${HERE}?connect=shopify`, full: 'input[name="settings.shop"]' },
  { name: "connecting Google Ads", path: `${HERE}?connect=google_ads`, full: 'input[name="credentials.refresh_token"]' },
];

for (const width of WIDTHS) {
  describe(`${width} px`, { concurrency: 2 }, () => {
    screensAt(width, SCREENS, () => browser);

    it("one connection in full, in every state, and its windows", async () => {
      const page = await openSignedIn(browser, { width });
      await page.route(`**/api/integrations?brand=${BRAND}`, (route) => route.fulfill(json(200, EVERY)));
      const run = { id: 1, asked_by: "schedule", started_at: "2026-11-20T17:00:00Z", ended_at: null, quota: null, error: WHY };
      const figures = { rows_landed: 1e6, rows_unchanged: 7, rows_rejected: 2, requests: 40, bytes: 4e9, waited_ms: 81_000 };
      const runs = ["running", "done", "failed", "stopped"].map((state, at) => ({ ...run, ...figures, id: at, state }));
      await page.route("**/runs", (route) => route.fulfill(json(200, { runs })));
      const reject = { stream: "orders", key: "gid://shopify/Order/5830172910284", reason: WHY, text: WHY, times: 1 };
      const times = { first_at: "2026-11-20T10:00:00Z", last_at: "2026-11-21T10:00:00Z" };
      await page.route("**/rejects", (route) => route.fulfill(json(200, { rejects: [{ ...reject, ...times }] })));
      for (const { id, state } of EVERY.integrations) {
        await page.goto(`${HERE}?id=${id}`);
        await page.locator('[data-testid="table-rejects"]').waitFor();
        await inspect(page, width, `${state} in full`);
      }
      const windows = [
        ["re-reading", "Read a range again"],
        ["disconnecting", "Disconnect"],
      ];
      for (const [what, command] of windows) {
        await page.getByRole("button", { name: /^More actions/ }).click();
        await page.getByRole("menuitem", { name: command }).click();
        await page.getByRole("dialog").waitFor();
        await page.waitForTimeout(200);
        await inspect(page, width, what, '[role="dialog"]');
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
      await page.getByRole("button", { name: /^Show text/ }).click();
      await page.getByRole("dialog").waitFor();
      await page.waitForTimeout(200);
      await inspect(page, width, "a dead letter", '[role="dialog"]');
      await page.context().close();
    });

    it("the wizard with errors", async () => {
      const page = await openSignedIn(browser, { width });
      await page.goto(`${HERE}?connect=shopify`);
      await page.getByRole("button", { name: "Test and connect" }).click();
      await page.locator("[aria-invalid=true]").first().waitFor();
      await page.getByText("Advanced", { exact: true }).click();
      await inspect(page, width, "the wizard with errors");
      await page.context().close();
    });
  });
}
