// The page of customers: its grid is the API's, its switches and filters ask for what they say, it says why nothing is predicted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, it } from "node:test";
import { inspect, json, screensAt, WIDTHS } from "./screens.mjs";
import { api, BRAND, calm, openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const PATH = `/b/${BRAND}/customers`;
const ready = (page) => page.locator('[data-testid="table-cohorts"]').waitFor();
const drawn = (page) => page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'));

/** The cells of a row, digit by digit. */
const values = (page, cohort) =>
  page.locator(`[data-testid="table-cohorts"] tr[data-cohort="${cohort}"] td[data-value]`).evaluateAll((cells) =>
    cells.map((cell) => [cell.dataset.value, cell.dataset.sofar ?? null, cell.dataset.paid ?? null]),
  );

async function agrees(page, grid, measure) {
  for (const row of grid.cohorts) {
    const expected = row.cells.map((cell) => [
      row.customers === 0 ? "" : String(cell[measure] ?? ""),
      String(!cell.complete),
      String(row.payback_age === cell.age),
    ]);
    assert.deepEqual(await values(page, row.cohort), expected, `${row.cohort}, ${measure}`);
  }
  const all = await values(page, "all");
  const expected = grid.totals.cells.map((cell) => (cell.of_customers > 0 ? String(cell[measure] ?? "") : ""));
  assert.deepEqual(all.map(([value]) => value).slice(0, expected.length), expected, `all, ${measure}`);
}

it("the grid is the API's, for every figure, basis and grain", async () => {
  const get = await api();
  const page = await openSignedIn(browser);
  await page.goto(PATH);
  await ready(page);
  const grid = await get(`/api/brands/${BRAND}/cohorts`);
  assert.ok(grid.cohorts.length === 13 && grid.totals.customers > 1000);
  assert.ok(grid.cohorts.some((row) => row.cells.some((cell) => !cell.complete)));
  for (const measure of ["ltv", "retention", "ltv_cac", "customers", "orders", "net_sales", "gross_profit", "contribution_margin"]) {
    await page.getByLabel("Figure").selectOption(measure);
    await drawn(page);
    await agrees(page, grid, measure);
  }
  await page.getByLabel("Figure").selectOption("ltv");
  await page.getByText("Net sales", { exact: true }).last().click();
  await page.waitForURL(/basis=net_sales/);
  await drawn(page);
  await agrees(page, await get(`/api/brands/${BRAND}/cohorts?basis=net_sales`), "ltv");
  await page.getByText("Contribution", { exact: true }).click();
  await page.waitForURL(/basis=contribution_margin/);
  await drawn(page);
  const contribution = await get(`/api/brands/${BRAND}/cohorts?basis=contribution_margin`);
  await agrees(page, contribution, "ltv");
  const { state, periods } = contribution.totals.payback;
  assert.ok(["paid_back", "not_yet"].includes(state), state);
  const said = periods ? new RegExp(`\\b${periods} months?\\b`) : /not yet/;
  assert.match(await page.locator('[data-testid="payback"]').innerText(), said);
  await page.getByText("Net sales", { exact: true }).last().click();
  await page.waitForURL(/basis=net_sales/);
  await page.getByText("Weeks", { exact: true }).click();
  await page.waitForURL(/grain=week/);
  await drawn(page);
  await agrees(page, await get(`/api/brands/${BRAND}/cohorts?basis=net_sales&grain=week`), "ltv");

  await page.getByRole("button", { name: "Actions for Cohorts" }).click();
  const file = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Download CSV" }).click();
  const lines = readFileSync(await (await file).path(), "utf8").trim().split("\r\n");
  const cells = (await get(`/api/brands/${BRAND}/cohorts?basis=net_sales&grain=week`)).cohorts.flatMap((row) => row.cells);
  assert.equal(lines.length, 1 + cells.length);
  assert.equal(lines[1].split(",")[9], cells[0].ltv);
  calm(page, "grid");
  await page.context().close();
});

it("customers are picked by their first order, and let go again", async () => {
  const get = await api();
  const page = await openSignedIn(browser);
  await page.goto(PATH);
  await ready(page);
  await page.getByLabel("Filter by").selectOption("first_code");
  await page.getByLabel("Value of the filter").selectOption("WELCOME10");
  await page.waitForURL(/f=first_code:eq:WELCOME10/);
  await drawn(page);
  await agrees(page, await get(`/api/brands/${BRAND}/cohorts?f=first_code:eq:WELCOME10`), "ltv");
  assert.match(await page.locator('[data-testid="notes"]').innerText(), /Ad spend is not known/);
  await page.reload();
  await ready(page);
  await page.getByRole("button", { name: /Remove filter/ }).first().click();
  await page.waitForURL((url) => !url.search.includes("f="));
  await page.getByLabel("Filter by").selectOption("first_channel");
  await page.getByLabel("Value of the filter").selectOption("meta");
  await page.waitForURL(/f=first_channel:eq:meta/);
  await drawn(page);
  const won = await get(`/api/brands/${BRAND}/cohorts?f=first_channel:eq:meta`);
  assert.ok(won.totals.customers > 0 && Number(won.totals.cac) > 0, "spend knows its channel");
  await agrees(page, won, "ltv");
  await page.goto(`${PATH}?f=first_country:eq:XX`);
  await page.locator('[data-testid="state-empty"]').waitFor();
  calm(page, "filter");
  await page.context().close();
});

it("what is expected is the API's, with every test it was put to; or the reason why nothing is", async () => {
  const get = await api();
  const forecast = await get(`/api/brands/${BRAND}/customers/forecast`);
  const page = await openSignedIn(browser);
  await page.goto(PATH);
  await page.locator('[data-testid="check-history"]').waitFor();
  for (const check of forecast.checks) {
    const text = await page.locator(`[data-testid="check-${check.code}"]`).innerText();
    assert.ok(text.includes(check.text) && text.includes(check.passed ? "Passed" : "Failed"), text);
  }
  if (forecast.prediction) {
    const rows = await page.locator('[data-testid="table-forecast"] tbody tr').count();
    assert.equal(rows, forecast.prediction.cohorts.length);
  } else {
    assert.ok((await page.locator('[data-testid="forecast-refused"]').innerText()).includes(forecast.refusal.text));
  }
  const refused = { ...forecast, prediction: null, refusal: { code: "too_short_history", text: "The history is 12 days long." } };
  await page.route("**/customers/forecast", (route) => route.fulfill(json(200, refused)));
  await page.goto(PATH);
  const notice = page.locator('[data-testid="forecast-refused"]');
  await notice.waitFor();
  assert.match(await notice.innerText(), /Nothing is predicted\s+The history is 12 days long\./);
  await inspect(page, 1280, "refusal");
  await page.context().close();
});

const EMPTY = (grid) => ({ ...grid, cohorts: grid.cohorts.map((row) => ({ ...row, customers: 0 })), totals: { ...grid.totals, customers: 0 } });

for (const width of WIDTHS) {
  screensAt(
    width,
    [
      {
        name: `customers at ${width} px`,
        path: PATH,
        api: "**/cohorts*",
        full: '[data-testid="table-cohorts"]',
        empty: async (route) => {
          const answer = await route.fetch();
          await route.fulfill(json(200, EMPTY(await answer.json())));
        },
      },
    ],
    () => browser,
  );
}
