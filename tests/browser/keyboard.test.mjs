// Everything by keyboard alone, with the focus visible and never trapped.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { BRAND, calm, openBrowser, openPage, openSignedIn, OWNER, settled } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return `${element?.getAttribute("aria-label") ?? ""} ${element?.textContent ?? ""}`.trim();
  });

/** Presses Tab until what has the focus answers to `name`. */
async function tabTo(page, name, limit = 60) {
  for (let step = 0; step < limit; step++) {
    await page.keyboard.press("Tab");
    if (name.test(await focused(page))) return;
  }
  assert.fail(`Tab never reached ${name}`);
}

it("signs in and out", async () => {
  const page = await openPage(browser);
  await page.goto("/login");
  await page.getByLabel("E-mail").waitFor();
  await page.keyboard.type(OWNER);
  await page.keyboard.press("Tab");
  await page.keyboard.type("pulsepoint-demo");
  await page.keyboard.press("Enter");
  await settled(page);
  await tabTo(page, /Account/);
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/login/);
  calm(page, "keyboard sign-in");
  await page.context().close();
});

it("skips to the content, changes the range and the comparison, and comes back to where it was", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  await page.keyboard.press("Tab");
  assert.match(await focused(page), /Skip to content/);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "content");
  await tabTo(page, /Last 30 days/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await tabTo(page, /^Last 90 days/, 15);
  await page.keyboard.press("Enter");
  await page.waitForURL(/range=90d/);
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.match(await focused(page), /Last 90 days/);
  await page.keyboard.press("Enter");
  await page.getByRole("radio", { name: "Previous period" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.waitForURL(/cmp=yoy/);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  calm(page, "range by keyboard");
  await page.context().close();
});

it("reads the chart bucket by bucket, sees it as a table and takes it along", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}?range=7d`);
  await settled(page);
  const chart = page.locator('[data-testid="chart-main"] [role="application"]');
  await chart.focus();
  const outline = await chart.evaluate((element) => getComputedStyle(element).outlineWidth);
  assert.equal(outline, "2px", "the focus is visible");
  await page.keyboard.press("Home");
  const live = page.locator('[role="status"][aria-live="polite"]');
  await page.waitForFunction(() => /Nov 13, 2026: .*\$/.test(document.querySelector('[aria-live="polite"]')?.textContent ?? ""));
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => /Nov 14, 2026/.test(document.querySelector('[aria-live="polite"]')?.textContent ?? ""));
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Reset zoom" }).waitFor();
  await page.getByRole("button", { name: "Reset zoom" }).press("Enter");
  assert.ok(await live.count());

  await page.locator('[data-testid="chart-main"]').waitFor();
  await page.getByRole("button", { name: "View as table" }).first().press("Enter");
  assert.equal(await page.locator('[data-testid="chart-main-table"] tbody tr').count(), 7);
  await page.getByRole("button", { name: /^Actions for Net sales/ }).press("Enter");
  await page.getByRole("menu").waitFor();
  const file = page.waitForEvent("download");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.match((await file).suggestedFilename(), /^juniper-oak-net_sales-2026-11-13-2026-11-20\.csv$/);
  calm(page, "chart by keyboard");
  await page.context().close();
});

it("opens channels down to the ad and sorts", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}?range=90d`);
  await settled(page);
  const table = page.locator('[data-testid="table-channels"]');
  const before = await table.locator("tbody tr").count();
  await table.getByRole("button", { name: "Expand Meta" }).press("Enter");
  await table.locator('[data-depth="1"]').first().waitFor();
  assert.ok((await table.locator("tbody tr").count()) > before);
  for (const depth of [1, 2]) {
    await table.locator(`[data-depth="${depth}"] button[aria-expanded="false"]`).first().press("Enter");
    await table.locator(`[data-depth="${depth + 1}"]`).first().waitFor();
  }
  await table.getByRole("button", { name: "Channel" }).press("Enter");
  assert.equal(await table.locator('th[aria-sort]').first().getAttribute("aria-sort"), "ascending");
  assert.match(await table.locator("tbody tr").first().innerText(), /Affiliate/);
  calm(page, "channels by keyboard");
  await page.context().close();
});

it("finds pages and themes in the palette; the heading takes the focus, the page says its name", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  await page.keyboard.press("/");
  await page.locator('input[role="combobox"]:focus').waitFor();
  await page.keyboard.type("peop");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/admin\/users/);
  await page.locator("h1:focus").waitFor();
  assert.equal(await page.title(), "People · Pulsepoint");
  await page.waitForFunction(() => document.querySelector('[aria-live="polite"]')?.textContent === "People");
  await page.keyboard.press("Control+k");
  await page.locator('input[role="combobox"]:focus').waitFor();
  await page.keyboard.type("dark");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.reload();
  await page.locator("h1").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  calm(page, "palette");
  await page.context().close();
});
