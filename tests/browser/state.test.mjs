// The address is the state: what it says is shown, what is chosen is in it, and wrong things in it do no harm.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { BRAND, calm, openBrowser, openPage, openSignedIn, OWNER, settled } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const search = (page) => new URL(page.url()).searchParams;
const chosen = (page, id) => page.locator(`[data-testid="kpi-${id}"] button[aria-pressed="true"]`);

it("restores range, comparison, interval, figure and filter after choosing, reload, back, forward and paste", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  assert.equal(new URL(page.url()).search, "", "defaults are left out");

  await page.getByRole("button", { name: "Last 30 days" }).click();
  await page.getByRole("button", { name: "Last 7 days" }).click();
  await page.waitForURL(/range=7d/);
  await settled(page);
  await page.getByRole("button", { name: "Last 7 days" }).click();
  await page.getByRole("radio", { name: "A year before" }).check();
  await page.waitForURL(/cmp=yoy/);
  await page.keyboard.press("Escape");
  await page.getByLabel("Interval").selectOption("week");
  await page.waitForURL(/grain=week/);
  await page.locator('[data-testid="kpi-orders"] button').first().click({ position: { x: 20, y: 60 } });
  await page.waitForURL(/metric=orders/);
  await page.locator('[data-testid="table-products"] tbody tr').first().hover();
  await page.locator('[data-testid="table-products"] tbody tr').first().getByRole("button", { name: /^Show only/ }).click();
  await page.locator('[data-testid="chip-product"]').waitFor();
  await settled(page);
  const whole = page.url();
  const expected = { range: "7d", cmp: "yoy", grain: "week", metric: "orders" };
  for (const [key, value] of Object.entries(expected)) assert.equal(search(page).get(key), value);

  const shown = () => page.locator('[data-testid="kpi-net_sales-value"]').getAttribute("data-value");
  const figure = await shown();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), whole);
  assert.equal(await shown(), figure);
  await chosen(page, "orders").waitFor();
  assert.equal(await page.getByLabel("Interval").inputValue(), "week");

  await page.goBack();
  await page.locator('[data-testid="chip-product"]').waitFor({ state: "detached" });
  await page.goBack();
  await chosen(page, "net_sales").waitFor();
  await page.goForward();
  await chosen(page, "orders").waitFor();

  const other = await openSignedIn(browser);
  await other.goto(whole);
  await settled(other);
  await chosen(other, "orders").waitFor();
  assert.equal(await other.locator('[data-testid="kpi-net_sales-value"]').getAttribute("data-value"), figure);
  calm(page, "choosing");
  calm(other, "pasting");
  await page.context().close();
  await other.context().close();
});

it("replaces what makes no sense, says so, and shows the page", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}?range=fortnight&grain=week&cmp=never&f=nonsense`);
  await settled(page);
  const notice = page.locator('[data-testid="toast"]');
  await notice.waitFor();
  assert.match(await notice.innerText(), /range, cmp, f/);
  await page.waitForURL((url) => url.search === "?grain=week");
  calm(page, "a bad address");
  await page.context().close();
});

it("shifts, compares and ranges by single keys, which can be switched off", async () => {
  const page = await openSignedIn(browser);
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  await page.keyboard.press("w");
  await page.waitForURL(/range=7d/);
  await settled(page);
  await page.keyboard.press("ArrowLeft");
  await page.waitForURL(/range=custom&from=2026-11-06&to=2026-11-13/);
  await settled(page);
  await page.keyboard.press("x");
  await page.waitForURL(/cmp=none/);
  await settled(page);
  assert.equal(await page.locator('[data-testid="kpi-net_sales-delta"]').count(), 0);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL(/appearance/);
  await page.getByRole("switch").click();
  await page.goto(`/b/${BRAND}`);
  await settled(page);
  await page.keyboard.press("w");
  await page.waitForTimeout(200);
  assert.equal(new URL(page.url()).search, "");
  await page.context().close();
});

it("asks strangers to sign in and takes them where they wanted to go", async () => {
  const page = await openPage(browser);
  await page.goto(`/b/${BRAND}?range=7d`);
  await page.waitForURL(/\/login\?next=/);
  await page.getByLabel("E-mail").fill(OWNER);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  page.allow = [/status of 401/];
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("That e-mail and password do not match.").waitFor();
  page.allow = [];
  await page.getByLabel("Password", { exact: true }).fill("pulsepoint-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(new RegExp(`/b/${BRAND}\\?range=7d$`));
  await settled(page);
  calm(page, "signing in");

  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/login/);
  await page.goto(`/b/${BRAND}`);
  await page.waitForURL(/\/login\?next=/);
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }).includes("eyJ")), false);
  calm(page, "signing out");
  await page.context().close();
});

it("does not take anybody to another site after the sign-in", async () => {
  const page = await openPage(browser);
  await page.goto("/login?next=//elsewhere.example/x");
  await page.getByLabel("E-mail").fill(OWNER);
  await page.getByLabel("Password", { exact: true }).fill("pulsepoint-demo");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/b\//);
  calm(page, "a next that leads away");
  await page.context().close();
});
