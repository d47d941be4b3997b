// What the page shows is what the API says, digit by digit; and what it downloads is the same once more.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, it } from "node:test";
import { api, BRAND, calm, openBrowser, openSignedIn, settled } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const TILES = ["net_sales", "orders", "aov", "new_customers", "ad_spend", "mer_ratio", "ncac", "contribution_margin"];

async function download(page, card) {
  await page.getByRole("button", { name: `Actions for ${card}` }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Download CSV" }).click();
  const [header, ...rows] = readFileSync(await (await file).path(), "utf8").trim().split("\r\n");
  return { header: header.split(","), rows: rows.map((row) => row.split(",")) };
}

for (const query of ["", "?range=mtd", "?range=custom&from=2026-06-01&to=2026-07-01&cmp=yoy&match=date", "?range=today"]) {
  it(`tiles, tables and files agree with the API: ${query || "default"}`, async () => {
    const get = await api();
    const data = await get(`/api/brands/${BRAND}/dashboard${query}`);
    const page = await openSignedIn(browser);
    await page.goto(`/b/${BRAND}${query}`);
    await settled(page);

    assert.deepEqual(data.kpis.map((kpi) => kpi.id), TILES);
    for (const kpi of data.kpis) {
      const value = page.locator(`[data-testid="kpi-${kpi.id}-value"]`);
      assert.equal(await value.getAttribute("data-value"), String(kpi.value ?? ""), kpi.id);
      assert.equal(await value.getAttribute("data-unit"), kpi.unit);
      const delta = page.locator(`[data-testid="kpi-${kpi.id}-delta"]`);
      assert.equal(await delta.getAttribute("data-value"), String(kpi.change_pct ?? ""), `${kpi.id} delta`);
      assert.equal(await delta.getAttribute("data-direction"), kpi.direction ?? "flat", `${kpi.id} direction`);
      assert.equal(await delta.getAttribute("data-tone"), kpi.tone ?? "neutral", `${kpi.id} tone`);
      const tile = page.locator(`[data-testid="kpi-${kpi.id}"]`);
      assert.equal(await tile.getAttribute("data-partial"), String(kpi.partial));
    }

    const money = new Intl.NumberFormat("en-US", { style: "currency", currency: data.brand.currency });
    const products = await page.locator('[data-testid="table-products"] tbody tr').allInnerTexts();
    assert.equal(products.length, data.products.length);
    for (const row of data.products) {
      const line = products.find((text) => text.startsWith(row.product));
      assert.ok(line?.includes(money.format(row.net_sales)), `${row.product}: ${line}`);
    }

    const chart = await download(page, data.series.some((one) => Number(one.values.ad_spend) !== 0) ? "Net sales and Ad spend" : "Net sales");
    assert.equal(chart.rows.length, data.series.length);
    for (const [at, bucket] of data.series.entries()) {
      assert.equal(chart.rows[at][0], bucket.t);
      assert.equal(chart.rows[at][chart.header.indexOf("net_sales")], String(bucket.values.net_sales ?? ""));
    }
    const channels = await download(page, "Channels");
    for (const row of data.channels) {
      const line = channels.rows.find((cells) => cells[0] === row.channel && cells[1] === "");
      assert.equal(line[channels.header.indexOf("ad_spend")], String(row.ad_spend));
    }
    calm(page, query);
    await page.context().close();
  });
}

it("a running day is marked on tile and chart, a finished one is not", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}?range=mtd`);
  await settled(page);
  assert.equal(await page.locator('[data-testid="kpi-net_sales"]').getAttribute("data-partial"), "true");
  await page.getByRole("button", { name: "View as table" }).first().click();
  const rows = await page.locator('[data-testid="chart-main-table"] tbody tr').allInnerTexts();
  assert.equal(rows.filter((row) => row.includes("so far, to 1:2")).length, 1);
  assert.ok(rows.at(-1).includes("so far"));
  await page.goto(`/b/${BRAND}?range=7d`);
  await settled(page);
  assert.equal(await page.locator('[data-testid="kpi-net_sales"]').getAttribute("data-partial"), "false");
  await page.context().close();
});
