// When something fails: the rest lives on, the person is told what and can go on.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { BRAND, calm, openBrowser, openSignedIn, settled } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const FIGURES = `**/api/brands/${BRAND}/dashboard*`;

it("keeps the shell when the figures fail, names the request, and comes back on retry", async () => {
  const page = await openSignedIn(browser, { allow: [/status of 500/] });
  const body = { title: "Internal error", status: 500, detail: "Something broke.", code: "internal", request_id: "req-77" };
  await page.route(FIGURES, (route) => route.fulfill({ status: 500, json: body }));
  await page.goto(`/b/${BRAND}`);
  const state = page.locator('[data-testid="state-error"]');
  await state.waitFor();
  assert.match(await state.innerText(), /req-77/);
  await page.getByRole("link", { name: "Import", exact: true }).first().waitFor();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await settled(page);
  calm(page, "retry");
  await page.context().close();
});

it("draws the other cards when one cannot be drawn", async () => {
  const page = await openSignedIn(browser, { allow: [/./] });
  await page.route(FIGURES, async (route) => {
    const body = await (await route.fetch()).json();
    await route.fulfill({ json: { ...body, customers: { ...body.customers, series: [null] } } });
  });
  await page.goto(`/b/${BRAND}`);
  await page.locator('[data-testid="chart-main"]').waitFor();
  await page.locator('[data-testid="table-products"]').waitFor();
  assert.equal(await page.locator('[data-testid="state-error"]').count(), 1);
  await page.context().close();
});

it("waits as long as a busy server asks, and says so", async () => {
  const page = await openSignedIn(browser, { allow: [/status of 503/] });
  let refused = 0;
  await page.route(FIGURES, async (route) => {
    if (refused++ > 0) return route.continue();
    const body = { title: "Busy", status: 503, detail: "Too many requests wait.", code: "busy" };
    return route.fulfill({ status: 503, headers: { "retry-after": "1" }, json: body });
  });
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  assert.equal(refused, 2);
  calm(page, "busy");
  await page.context().close();
});

it("keeps the old figures, dimmed, while new ones are fetched; the last choice wins", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  let release = () => undefined;
  const gate = new Promise((done) => {
    release = done;
  });
  await page.route(/dashboard\?.*range=90d/, async (route) => {
    await gate;
    await route.continue().catch(() => undefined);
  });
  await page.keyboard.press("w");
  await settled(page);
  await page.getByRole("button", { name: "Last 7 days" }).click();
  await page.getByRole("button", { name: "Last 90 days" }).click();
  await page.locator('main [aria-busy="true"]').waitFor();
  assert.equal(await page.locator('[data-testid="kpi-net_sales-value"]').count(), 1, "the old figures stay");
  await page.keyboard.press("m");
  await page.waitForURL(/range=mtd/);
  await settled(page);
  release();
  await page.waitForTimeout(150);
  assert.match(page.url(), /range=mtd/);
  await page.getByRole("button", { name: "Month to date" }).waitFor();
  calm(page, "a choice while loading");
  await page.context().close();
});

it("says when there is no connection", async () => {
  const page = await openSignedIn(browser, { allow: [/ERR_INTERNET_DISCONNECTED|Failed to load/] });
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  await page.context().setOffline(true);
  await page.locator('[data-testid="state-offline"]').waitFor();
  await page.locator('[data-testid="kpi-net_sales-value"]').waitFor();
  await page.context().setOffline(false);
  await page.locator('[data-testid="state-offline"]').waitFor({ state: "detached" });
  await page.context().close();
});

it("sends somebody whose session ended to the sign-in, and back", async () => {
  const page = await openSignedIn(browser, { allow: [/status of 401/] });
  await page.goto(`/b/${BRAND}?range=7d`);
  await settled(page);
  await page.route("**/api/**", (route) => route.fulfill({ status: 401, json: { title: "Sign in", status: 401, code: "unauthorized" } }));
  await page.keyboard.press("m");
  await page.waitForURL(/\/login\?next=/);
  assert.match(decodeURIComponent(page.url()), /next=\/b\/juniper-oak\?range=mtd/);
  await page.getByText("Your session ended").waitFor();
  await page.context().close();
});

it("fetches little for a cold dashboard", async () => {
  const page = await openSignedIn(browser);
  const requests = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  await page.waitForTimeout(300);
  assert.ok(requests.length <= 20, `${requests.length} requests:\n${requests.join("\n")}`);
  await page.context().close();
});
