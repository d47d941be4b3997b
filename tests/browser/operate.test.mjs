// Who looks after an installation: backups made and explained, the audit log searched and taken along.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, it } from "node:test";
import { api, calm, DEMO, openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const OPERATOR = "operator@juniper-oak.example";
const archives = (page) => page.locator('[data-testid="table-backups"] tbody tr');
const entries = (page) => page.locator('[data-testid="table-audit"] tbody tr');

it("makes a backup, says what is wrong with its key, and how to come back from it", async () => {
  const page = await openSignedIn(browser, { email: OPERATOR });
  await page.goto("/admin/backups");
  await page.locator('[data-testid="state-empty"]').getByText("No backup yet").waitFor();
  await page.getByText("backup.daily is false").waitFor();
  await page.getByRole("button", { name: "Back up now" }).click();
  await archives(page).first().waitFor();
  await page.locator('[data-testid="backup-running"]').waitFor({ state: "detached" });
  assert.equal(await page.locator('[data-testid="backup-failed"]').count(), 0);
  await page.locator('[data-testid="backup-key-here"]').waitFor();
  assert.equal(await page.locator('[data-testid="backup-overdue"]').count(), 0);

  const list = await (await api(DEMO, OPERATOR))("/api/backups");
  assert.equal(list.backups.length, 1);
  assert.equal(await page.locator(`code[title="${list.sealed_for}"]`).innerText(), list.sealed_for);
  await page.getByRole("button", { name: /^How to restore/ }).click();
  const dialog = page.getByRole("dialog");
  const command = (step) => dialog.locator(`[data-testid="restore-${step}"] code`).innerText();
  const file = list.backups[0].file;
  const identity = "--identity backup-identity.txt";
  assert.equal(await command("verify"), `pulsepoint backup verify ${file} ${identity}`);
  const restore = `pulsepoint restore --tenant juniper-oak --from ${file} ${identity}`;
  assert.equal(await command("beside"), `${restore} --as juniper-oak-rehearsal`);
  assert.equal(await command("over"), `${restore} --overwrite`);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await dialog.getByRole("button", { name: /^Copy: Only check it/ }).click();
  await page.getByText("Copied.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `pulsepoint backup verify ${file} ${identity}`);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  calm(page, "backups");
  await page.context().close();
});

it("says each thing that is wrong with the backups, and nothing where all is well", async () => {
  const page = await openSignedIn(browser);
  const at = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const archive = { id: "a", file: "t/a.backup.age", at: at(80), bytes: 4e6, verified_at: at(79), verify_failure: null };
  const schedule = { hour: 2, keep_daily: 7, keep_weekly: 3, keep_monthly: 0 };
  const well = { running: false, overdue: false, last_failure: null, identity_on_machine: false, sealed_for: "age1x", schedule, backups: [archive] };
  const shown = async (body) => {
    await page.unrouteAll();
    await page.route("**/api/backups", (route) => route.fulfill({ json: body }));
    await page.goto("/admin/backups");
    await archives(page).first().waitFor();
    return page.locator('[data-testid^="backup-"]').evaluateAll((all) => all.map((one) => one.dataset.testid));
  };
  assert.deepEqual(await shown(well), []);
  await page.getByText("Keeps 7 daily, 3 weekly").waitFor();
  assert.deepEqual(await shown({ ...well, overdue: true }), ["backup-overdue"]);
  assert.deepEqual(await shown({ ...well, last_failure: "the disk is full" }), ["backup-failed"]);
  await page.getByText("The disk is full.").waitFor();
  assert.deepEqual(await shown({ ...well, identity_on_machine: true }), ["backup-key-here"]);
  const unsound = [{ ...archive, verify_failure: "row 7 differs" }];
  assert.deepEqual(await shown({ ...well, backups: unsound }), ["backup-unsound"]);
  assert.deepEqual(await shown({ ...well, running: true }), ["backup-running"]);
  assert.ok(await page.getByRole("button", { name: "Back up now" }).isDisabled());
  calm(page, "worries");
  await page.context().close();
});

it("finds who did what, by filters that the address keeps, and tells all of an entry", async () => {
  const page = await openSignedIn(browser);
  await page.goto("/admin/audit");
  await entries(page).first().waitFor();
  const all = await entries(page).count();
  await page.getByLabel("What").selectOption("brand");
  await page.waitForURL(/\?kind=brand$/);
  await entries(page).getByText("Brand added").waitFor();
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid="table-audit"] tbody tr').length < n, all);
  await page.getByLabel("From").fill("2020-01-01");
  await page.waitForURL(/from=2020-01-01/);
  await page.reload();
  await entries(page).getByText("Brand added").waitFor();
  assert.equal(await page.getByLabel("What").inputValue(), "brand");
  assert.equal(await page.getByLabel("From").inputValue(), "2020-01-01");
  await page.getByLabel("To, inclusive").fill("2020-01-02");
  await page.locator('[data-testid="state-empty"]').waitFor();
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await page.waitForURL(/\/admin\/audit$/);
  await page.getByLabel("What").waitFor();
  await page.goBack();
  await page.waitForURL(/kind=brand/);
  await page.locator('[data-testid="state-empty"]').waitFor();

  await page.goto("/admin/audit?kind=login&nonsense=1&result=maybe&from=2026-99-99");
  await entries(page).getByText("Signed in").first().waitFor();
  await entries(page).filter({ hasText: "Maya Ellison" }).first().getByRole("button").press("Enter");
  const drawer = page.getByRole("dialog", { name: "Signed in" });
  await drawer.waitFor();
  await drawer.getByRole("definition").filter({ hasText: "Maya Ellison" }).waitFor();
  await drawer.getByText("127.0.0.1").waitFor();
  await drawer.getByRole("button", { name: "Show only: Maya Ellison" }).click();
  await page.waitForURL(/actor=user:/);
  await drawer.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Who").evaluate((field) => field.selectedOptions[0].text), "Maya Ellison");
  calm(page, "the audit log");
  await page.context().close();
});

it("loads more entries without losing any, and says when that is all", async () => {
  const page = await openSignedIn(browser);
  const get = await api();
  // Pages of three of the real log.
  await page.route("**/api/audit**", async (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set("limit", "3");
    await route.continue({ url: url.href });
  });
  const seqs = () => page.evaluate(() => [...document.querySelectorAll('[data-testid="table-audit"] tbody tr')].length);
  await page.goto("/admin/audit?actor=demo");
  await entries(page).first().waitFor();
  assert.equal(await seqs(), 3);
  const { entries: all } = await get("/api/audit?actor=demo&limit=200");
  for (let shown = 3; shown < all.length; shown = Math.min(shown + 3, all.length)) {
    await page.getByRole("button", { name: "Load more" }).click();
    await page.waitForFunction(
      (n) => document.querySelectorAll('[data-testid="table-audit"] tbody tr').length > n,
      shown,
    );
  }
  assert.equal(await seqs(), all.length);
  await page.getByText("That is all there is.").waitFor();
  calm(page, "more entries");
  await page.context().close();
});

it("hands the log over as a file with the same filters, which leaves an entry itself", async () => {
  const page = await openSignedIn(browser, { email: OPERATOR });
  await page.goto("/admin/audit?actor=demo");
  await entries(page).first().waitFor();
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  assert.equal((await file).suggestedFilename(), "juniper-oak-audit.csv");
  const [header, ...rows] = readFileSync(await (await file).path(), "utf8").trim().split("\r\n");
  assert.match(header, /^seq,at,kind,actor/);
  assert.equal(rows.length, await entries(page).count());
  assert.ok(rows.every((row) => row.split(",")[3] === "demo"));
  await page.goto("/admin/audit?kind=audit.exported");
  await entries(page).getByText("Audit log downloaded").first().waitFor();
  const chain = page.locator('[data-testid="audit-chain"]');
  const { chain: told } = await (await api(DEMO, OPERATOR))("/api/audit?limit=1");
  assert.match(told.head, /^[0-9a-f]{64}$/);
  await chain.getByText("pulsepoint audit verify --tenant juniper-oak").waitFor();
  calm(page, "the file");
  await page.context().close();
});

it("does not show the log to somebody who may know of some brands only", async () => {
  const page = await openSignedIn(browser, { allow: [/status of 403/] });
  const refusal = { title: "Forbidden", status: 403, detail: "This needs the right to all brands.", code: "forbidden" };
  await page.route("**/api/audit*", (route) => route.fulfill({ status: 403, json: refusal }));
  await page.goto("/admin/audit");
  await page.locator('[data-testid="state-forbidden"]').getByText("all brands").waitFor();
  calm(page, "some brands");
  await page.context().close();
});

it("shows an owner their own company, and of what reaches beyond it the commands alone", async () => {
  const page = await openSignedIn(browser);
  const { tenant } = await (await api())("/api/auth/me");
  await page.goto("/admin/tenants");
  const card = page.locator('[data-testid="company"]');
  await card.getByText(tenant.id).waitFor();
  await page.getByText("pulsepoint tenant export juniper-oak --to juniper-oak.tar").waitFor();
  const text = await page.locator("main").innerText();
  assert.ok(!/northwind/i.test(text), "nothing of another company");
  const { users } = await (await api())("/api/users");
  await page.getByText(`${users.filter((user) => user.state === "active").length} may sign in`).waitFor();
  calm(page, "company");
  await page.context().close();
});
