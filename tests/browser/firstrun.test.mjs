// From an empty folder to figures: token, owner, brand, file; and another page of the same brand redraws by itself.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { calm, FRESH, openBrowser, openPage, TOKEN } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const PASSWORD = "correct horse battery staple";
const EMAIL = "olivia@example.com";

/** A Shopify orders export of `count` orders, one a day up to yesterday, 20.00 each. */
function orders(first, count) {
  const header = [
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Currency", "Subtotal", "Shipping", "Taxes",
    "Total", "Discount Code", "Discount Amount", "Shipping Method", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem sku", "Shipping Country", "Refunded Amount", "Id",
  ];
  const rows = Array.from({ length: count }, (_, at) => {
    const when = new Date(Date.now() - (at + 1) * 86_400_000).toISOString().slice(0, 10);
    const stamp = `${when} 12:00:00 +0000`;
    const number = first + at;
    return [
      `#${number}`, `c${at % 5}@example.com`, "paid", stamp, "fulfilled", "EUR", "20.00", "0.00", "0.00",
      "20.00", "", "0.00", "Standard", stamp, "2", "Beeswax Candle", "10.00", "BC-1", "DE", "0.00", String(5_000_000 + number),
    ].join(",");
  });
  return Buffer.from(`${header.join(",")}\n${rows.join("\n")}\n`);
}

async function drop(page, name, buffer) {
  await page.locator('input[type="file"][multiple]').setInputFiles({ name, mimeType: "text/csv", buffer });
  const line = page.locator('[data-testid="table-imports"] tbody tr', { hasText: name });
  await line.locator('[data-state="done"], [data-state="failed"]').waitFor({ timeout: 30_000 });
  return line.innerText();
}

it("sets up, imports, redraws, and closes the setup behind itself", async () => {
  const page = await openPage(browser, { base: FRESH });
  await page.goto("/");
  await page.waitForURL(/\/setup/);
  await page.goto(`/setup#token=${TOKEN}`);
  await page.waitForURL((url) => url.hash === "");
  assert.equal(await page.getByLabel("Setup token").inputValue(), TOKEN);

  // A wrong token comes back to its step with everything else kept.
  await page.getByLabel("Setup token").fill("wrong-token-wrong-token");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Company").fill("Candle & Co");
  await page.getByLabel("Your name").fill("Olivia Owner");
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Use at least 12 characters.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  page.allow = [/status of 40[0-9]|status of 422/];
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("That token is not valid").waitFor();
  await page.getByLabel("Setup token").fill(TOKEN);
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await page.getByLabel("Company").inputValue(), "Candle & Co");
  await page.getByRole("button", { name: "Create account" }).click();
  page.allow = [];

  await page.getByLabel("Brand name").fill("Candle & Co");
  await page.getByLabel("Reporting currency").selectOption("EUR");
  await page.getByLabel("Time zone").selectOption("Europe/Berlin");
  await page.getByRole("button", { name: "Create brand" }).click();
  await page.getByRole("button", { name: "Go to the dashboard" }).click();
  await page.locator('[data-testid="state-empty"]').waitFor();
  const dashboard = page.url();
  await page.getByRole("link", { name: "Import files" }).click();
  await page.locator('[data-testid="dropzone"]').waitFor();

  // A second page of the same person, open on the dashboard.
  const other = await openPage(browser, { base: FRESH });
  await other.context().request.post("/api/auth/login", { data: { email: EMAIL, password: PASSWORD } });
  await other.addInitScript(() => localStorage.setItem("pp.session", "1"));
  await other.goto(dashboard);
  await other.locator('[data-testid="state-empty"]').waitFor();

  assert.match(await drop(page, "orders.csv", orders(1001, 20)), /20/);
  const tile = other.locator('[data-testid="kpi-orders-value"]');
  await tile.waitFor();
  assert.equal(await tile.getAttribute("data-value"), "20");
  assert.equal(await other.locator('[data-testid="kpi-net_sales-value"]').getAttribute("data-value"), "400.00");
  await drop(page, "more.csv", orders(2001, 5));
  await other.waitForFunction(
    () => document.querySelector('[data-testid="kpi-orders-value"]')?.getAttribute("data-value") === "25",
  );

  calm(page, "the first run");
  calm(other, "the page that redraws");
  await page.goto("/setup");
  page.trouble.length = 0;
  await page.getByText("This Pulsepoint is set up already.").waitFor();
  await page.context().close();
  await other.context().close();
});

it("refuses what it cannot read, in words", async () => {
  const page = await openPage(browser, { base: FRESH });
  await page.context().request.post("/api/auth/login", { data: { email: EMAIL, password: PASSWORD } });
  await page.addInitScript(() => localStorage.setItem("pp.session", "1"));
  await page.goto("/");
  await page.waitForURL(/\/b\//);
  await page.getByRole("link", { name: "Import", exact: true }).first().click();
  const text = await drop(page, "mystery.csv", Buffer.from("colour,taste\nblue,salty\n")).catch(() => "");
  if (text) assert.match(text, /Failed/);
  else await page.getByRole("alert").first().waitFor();
  await page.context().close();
});

it("adds a person, changes the role, disables; the person is out at once", async () => {
  const page = await openPage(browser, { base: FRESH });
  await page.context().request.post("/api/auth/login", { data: { email: EMAIL, password: PASSWORD } });
  await page.addInitScript(() => localStorage.setItem("pp.session", "1"));
  await page.goto("/admin/users");
  await page.getByRole("button", { name: "Add a person" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Vic Viewer");
  await dialog.getByLabel("E-mail").fill("vic@example.com");
  await dialog.getByLabel("First password").fill("another long passphrase");
  await dialog.getByRole("button", { name: "Add a person" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal((await (await fetchAs(FRESH, "vic@example.com")).json()).user.role, "viewer");
  await page.getByLabel("Role of Vic Viewer").selectOption("analyst");
  await page.getByText("Vic Viewer was changed.").waitFor();
  assert.equal((await (await fetchAs(FRESH, "vic@example.com")).json()).user.role, "analyst");
  await page.getByRole("button", { name: "Disable Vic Viewer" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Enable Vic Viewer" }).waitFor();
  assert.equal((await fetchAs(FRESH, "vic@example.com")).status, 401);
  calm(page, "people");
  await page.context().close();
});

function fetchAs(base, email) {
  return fetch(`${base}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "another long passphrase" }),
  });
}
