// A real year of orders, dropped on the import page of an empty brand: the tiles show the figures of the page of metrics.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, it } from "node:test";
import { calm, openBrowser, openSignedIn, settled } from "./support.mjs";

const file = ["../../../shared/data", "../../../../shared/data"]
  .map((folder) => new URL(`${folder}/online_retail.csv.gz`, import.meta.url).pathname)
  .find(existsSync);
const map = new URL("../../data/maps/online_retail.toml", import.meta.url).pathname;
// The demo's second tenant, so that no other file's pages meet this brand.
const EMAIL = "owner@northwind-demo.example";
const DAYS = "?range=custom&from=2010-12-01&to=2011-12-10";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

it("imports Online Retail on the page and shows its figures", { timeout: 300_000 }, async (test) => {
  if (!file) {
    test.skip("../shared/data/online_retail.csv.gz is not there");
    return;
  }
  const page = await openSignedIn(browser, { email: EMAIL });
  const login = await page.context().request.post("/api/auth/login", {
    data: { email: EMAIL, password: "pulsepoint-demo" },
  });
  const made = await page.context().request.post("/api/brands", {
    headers: { authorization: `Bearer ${(await login.json()).access_token}` },
    data: { name: "Online Retail", currency: "GBP", timezone: "Europe/London" },
  });
  assert.equal(made.status(), 201);
  const { slug } = await made.json();

  await page.goto(`/b/${slug}${DAYS}`);
  await page.locator('[data-testid="state-empty"]').waitFor();
  await page.getByRole("link", { name: "Import files" }).click();
  await page.locator('[data-testid="dropzone"]').waitFor();
  await page.getByText("Options for files that do not say everything").click();
  await page.getByLabel("Mapping file").setInputFiles(map);
  await page.locator('input[type="file"][multiple]').setInputFiles(file);
  const line = page.locator('[data-testid="table-imports"] tbody tr', { hasText: "online_retail.csv.gz" });
  await line.locator('[data-state="done"], [data-state="failed"]').waitFor({ timeout: 240_000 });
  const cells = (await line.locator("td, th").allInnerTexts()).map((text) => text.trim());
  // Read, new or changed, there already, rejected.
  assert.deepEqual(cells.slice(2, 6), ["541,909", "541,909", "0", "0"]);

  await page.goto(`/b/${slug}${DAYS}`);
  await settled(page);
  const tiles = { net_sales: "9747747.93", orders: "22064", new_customers: "4339", aov: "482.44", ad_spend: "0.00", mer_ratio: "" };
  for (const [id, value] of Object.entries(tiles)) {
    const tile = page.locator(`[data-testid="kpi-${id}-value"]`);
    assert.equal(await tile.getAttribute("data-value"), value, id);
  }
  assert.equal(await page.locator(`[data-testid="kpi-orders-value"]`).innerText(), "22,064");
  assert.equal(await page.locator(`[data-testid="kpi-net_sales-value"]`).innerText(), "£9.748M");
  calm(page, "Online Retail");
  await page.context().close();
});
