// Profit and the bridge as people use them: a cost entered, ended and removed; a shop's total entered, a step opened.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { api, axe, BRAND, calm, openBrowser, openSignedIn } from "./support.mjs";

const DAYS = "from=2026-10-01&to=2026-11-01";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const text = (page, id) => page.locator(`[data-testid="${id}"]`).first().innerText();
const number = (shown) => Number(shown.replaceAll(/[^0-9.-]/g, ""));

it("a cost is entered, counts, ends and goes", async () => {
  const page = await openSignedIn(browser);
  const ask = await api();
  await page.goto(`/b/${BRAND}/profit?${DAYS}`);
  await page.locator('[data-testid="profit-net_profit"]').waitFor();
  const before = number(await text(page, "profit-net_profit"));
  // The demo has costs of its own; what is entered here comes on top of them.
  const fixed = number(await text(page, "profit-fixed_costs"));
  const fixedIs = (amount) =>
    page.waitForFunction(
      (wanted) => document.querySelector('[data-testid="profit-fixed_costs"]')?.textContent.replaceAll(/[^0-9.]/g, "") === wanted,
      amount.toFixed(2),
    );
  assert.ok(fixed > 0 && before > 0, `the demo earns something: ${fixed}, ${before}`);
  await page.getByRole("button", { name: "Add a cost" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Kind").selectOption("fixed");
  await dialog.getByLabel("Name").fill("Studio rent");
  await dialog.getByLabel(/^Amount/).fill("310");
  await dialog.getByLabel("From").fill("2026-10-01");
  await axe(page, "adding a cost", '[role="dialog"]');
  await dialog.getByRole("button", { name: "Add a cost" }).click();
  await dialog.waitFor({ state: "detached" });
  // The whole of October: the month's amount to the cent.
  await fixedIs(fixed + 310);
  assert.equal(number(await text(page, "profit-net_profit")).toFixed(2), (before - 310).toFixed(2));
  const profit = await ask(`/api/brands/${BRAND}/profit?${DAYS}`);
  assert.equal(profit.lines.find((line) => line.id === "fixed_costs").total, (fixed + 310).toFixed(2));

  await page.getByRole("button", { name: "End Studio rent" }).click();
  await page.getByRole("dialog").getByLabel("Last day").fill("2026-10-10");
  await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
  await fixedIs(fixed + 100);

  await page.getByRole("button", { name: "Remove Studio rent" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove Studio rent" }).waitFor({ state: "detached" });
  const shown = (await ask(`/api/brands/${BRAND}/profit?${DAYS}`)).lines.find((line) => line.id === "net_profit").total;
  assert.equal(Number(shown).toFixed(2), before.toFixed(2));
  // The list of costs and the figures are fetched apart.
  const again = async () => number(await text(page, "profit-net_profit")).toFixed(2) === before.toFixed(2);
  for (let tries = 0; tries < 100 && !(await again()); tries++) await page.waitForTimeout(50);
  assert.ok(await again(), "the page shows it, too");
  calm(page, "costs");
  await page.context().close();
});

it("the bridge leaves nothing over, and a misread total does", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}/bridge?${DAYS}`);
  await page.locator('[data-testid="residual"]').first().waitFor();
  for (const left of await page.locator('[data-testid="residual"]').allInnerTexts()) assert.equal(number(left), 0);
  const ask = await api();
  const board = await ask(`/api/brands/${BRAND}/dashboard?range=custom&${DAYS}`);
  assert.equal(number(await text(page, "bridge-net-sales")).toFixed(2), Number(board.kpis[0].value).toFixed(2));

  await page.getByRole("button", { name: /orders behind Taxes/ }).first().click();
  await page.locator('[data-testid="table-behind"] tbody tr').nth(10).waitFor();
  await axe(page, "orders behind a step", '[role="dialog"]');
  await page.keyboard.press("Escape");

  // From our net sales to the claims, by two models: nothing is left over, and the rows of the last step add up to it.
  for (const model of ["Last touch", "Linear"]) {
    await page.getByLabel("Model").selectOption({ label: model });
    const id = model.toLowerCase().replace(" ", "_");
    const { claims } = await ask(`/api/brands/${BRAND}/bridge?${DAYS}&model=${id}`);
    const shown = claims.steps.map((step) => [step.step, Number(step.amount).toFixed(2)]);
    const all = async () =>
      (await Promise.all(
        shown.map(async ([step, amount]) => number((await text(page, `claim-step-${step}`)).replace("\u2212", "-")).toFixed(2) === amount),
      )).every(Boolean);
    for (let tries = 0; tries < 100 && !(await all()); tries++) await page.waitForTimeout(50);
    assert.ok(await all(), `${model}: ${JSON.stringify(shown)}`);
    assert.equal(number(await text(page, "claims-residual")), 0);
    assert.equal(number(await text(page, "claims-total")).toFixed(2), claims.total);
  }
  await page.getByRole("button", { name: /orders behind No touch explains them/ }).click();
  await page.locator('[data-testid="table-behind"] tbody tr').nth(5).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /behind Claimed beyond our credit/ }).click();
  await page.locator('[data-testid="table-beside"] tbody tr').nth(5).waitFor();
  await axe(page, "claims beside credits", '[role="dialog"]');
  await page.locator('[data-testid="table-beside"]').getByRole("button", { name: /orders? behind/ }).first().click();
  await page.locator('[data-testid="table-behind"] tbody tr').first().waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Enter the shop's total" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Amount").fill("12.34");
  await dialog.getByRole("button", { name: "Enter the shop's total" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("a defect in the rows").first().waitFor();
  await axe(page, "a bridge with something left over");
  await page.getByRole("button", { name: "Remove this total" }).click();
  await page.getByText("a defect in the rows").first().waitFor({ state: "detached" });
  calm(page, "the bridge");
  await page.context().close();
});

it("who may not manage sees the figures and no buttons", async () => {
  const page = await openSignedIn(browser, { email: "viewer@juniper-oak.example", width: 375 });
  await page.goto(`/b/${BRAND}/profit?${DAYS}`);
  await page.locator('[data-testid="profit-net_profit"]').waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a cost" }).count(), 0);
  await page.goto(`/b/${BRAND}/bridge?${DAYS}`);
  await page.locator('[data-testid="residual"]').first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Enter the shop's total" }).count(), 0);
  calm(page, "a viewer on a phone");
  await page.context().close();
});
