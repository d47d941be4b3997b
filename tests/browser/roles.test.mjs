// The page offers what a role may do, and no more; an address typed by hand gets a plain answer.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { api, BRAND, calm, DEMO, openBrowser, openSignedIn, settled } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const menu = (page) => page.getByRole("navigation", { name: "Main" }).getByRole("link").allInnerTexts();

// The operator's right to see figures is the server's to decide; the page follows.
const ROLES = [
  { who: "owner", links: ["Dashboard", "Profit", "Bridge", "Customers", "Attribution", "Integrations", "Import", "People", "API keys", "Brand", "Company", "Backups", "Audit log", "Appearance"] },
  { who: "analyst", links: ["Dashboard", "Profit", "Bridge", "Customers", "Attribution", "Integrations", "Appearance"] },
  { who: "viewer", links: ["Dashboard", "Profit", "Bridge", "Customers", "Attribution", "Integrations", "Appearance"] },
  { who: "operator", links: ["Dashboard", "Profit", "Bridge", "Customers", "Attribution", "Integrations", "Backups", "Audit log", "Appearance"] },
];

for (const { who, links } of ROLES) {
  it(`${who}: ${links.join(", ")}`, async () => {
    const page = await openSignedIn(browser, { email: `${who}@juniper-oak.example` });
    const { user } = await (await api(DEMO, `${who}@juniper-oak.example`))("/api/auth/me");
    const sees = user.permissions.includes("view");
    await page.goto(sees ? `/b/${BRAND}` : "/");
    await (sees ? settled(page) : page.locator('[role="switch"]').waitFor());
    assert.deepEqual(await menu(page), sees ? links : ["Appearance"]);
    assert.equal(await page.getByRole("button", { name: "Remove demo data" }).count(), who === "owner" ? 1 : 0);
    if (who !== "owner") {
      const operates = user.permissions.includes("operate") ? [] : ["/admin/backups", "/admin/audit"];
      for (const path of [`/b/${BRAND}/import`, "/admin/users", "/admin/keys", "/admin/tenants", "/settings/brand", ...operates]) {
        await page.goto(path);
        await page.locator('[data-testid="state-forbidden"]').waitFor();
      }
      await page.keyboard.press("Control+k");
      await page.locator('input[role="combobox"]:focus').waitFor();
      assert.equal(await page.getByRole("option", { name: /^Import/ }).count(), 0);
    }
    calm(page, who);
    await page.context().close();
  });
}

it("shows of each role what the server lets it do", async () => {
  const page = await openSignedIn(browser);
  await page.goto("/admin/users");
  await page.getByText("What each role may do").click();
  const table = page.locator('[data-testid="table-roles"]');
  const rights = ["view", "ask", "act", "connect", "manage", "operate"];
  for (const { who } of ROLES) {
    const { user } = await (await api(DEMO, `${who}@juniper-oak.example`))("/api/auth/me");
    const row = table.getByRole("row").filter({ has: page.getByRole("rowheader", { name: who }) });
    const cells = await row.getByRole("cell").allInnerTexts();
    assert.deepEqual(rights.filter((_, at) => cells[at].trim() === "yes").sort(), [...user.permissions].sort(), who);
  }
  calm(page, "roles");
  await page.context().close();
});
