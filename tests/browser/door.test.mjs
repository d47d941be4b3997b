// Passwords at the door: masked, shown when asked, pasted, filled in by a manager; and names that are scripts shown as text.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { calm, DEMO, openBrowser, openPage, openSignedIn, OWNER } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

it("masks passwords and shows them when asked", async () => {
  const page = await openPage(browser);
  await page.goto("/login");
  const field = page.getByLabel("Password", { exact: true });
  await field.fill("correct horse battery");
  assert.equal(await field.getAttribute("type"), "password");
  await page.getByRole("button", { name: "Show password" }).click();
  assert.equal(await field.getAttribute("type"), "text");
  assert.equal(await field.inputValue(), "correct horse battery");
  await page.getByRole("button", { name: "Hide password" }).click();
  assert.equal(await field.getAttribute("type"), "password");
  calm(page, "showing a password");
  await page.context().close();
  const person = await openSignedIn(browser);
  await person.goto("/settings/profile");
  for (const label of ["Current password", "New password"]) {
    assert.equal(await person.getByLabel(label).getAttribute("type"), "password", label);
  }
  calm(person, "the profile");
  await person.context().close();
});

it("lets passwords be pasted and filled in by password managers", async () => {
  const page = await openPage(browser);
  await page.goto("/login");
  const [email, password] = [page.getByLabel("E-mail"), page.getByLabel("Password", { exact: true })];
  assert.equal(await email.getAttribute("autocomplete"), "username");
  assert.equal(await password.getAttribute("autocomplete"), "current-password");
  await email.fill("pulsepoint-demo");
  await email.press("Control+a");
  await email.press("Control+x");
  await password.focus();
  await password.press("Control+v");
  assert.equal(await password.inputValue(), "pulsepoint-demo", "a paste arrives whole");
  await email.fill(OWNER);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/b\//);
  await page.goto("/settings/profile");
  assert.equal(await page.getByLabel("Current password").getAttribute("autocomplete"), "current-password");
  assert.equal(await page.getByLabel("New password").getAttribute("autocomplete"), "new-password");
  calm(page, "pasting a password");
  await page.context().close();
});

it("shows scripts in names as text", async () => {
  const page = await openSignedIn(browser);
  await page.addInitScript(() => {
    window.ran = 0;
    window.alert = () => (window.ran += 1);
  });
  const login = await page.context().request.post("/api/auth/login", { data: { email: OWNER, password: "pulsepoint-demo" } });
  const headers = { authorization: `Bearer ${(await login.json()).access_token}` };
  const names = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
  ];
  const made = [];
  for (const [at, name] of names.entries()) {
    const data = { email: `script${at}@shop.example`, name, role: "viewer", password: "a first long passphrase" };
    const answer = await page.context().request.post(`${DEMO}/api/users`, { headers, data });
    assert.equal(answer.status(), 201, name);
    made.push((await answer.json()).id);
  }
  await page.goto("/admin/users");
  const table = page.locator('[data-testid="table-people"]');
  for (const name of names) await table.getByText(name, { exact: true }).waitFor();
  await page.getByRole("button", { name: `Actions for ${names[1]}` }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByText(`Remove ${names[1]}?`).waitFor();
  await page.goto("/admin/audit");
  await page.locator('[data-testid="table-audit"]').waitFor();
  assert.equal(await page.evaluate(() => window.ran), 0);
  assert.equal(await page.locator("main img, main script, main svg[onload]").count(), 0);
  calm(page, "names that are scripts");
  for (const id of made) await page.context().request.delete(`${DEMO}/api/users/${id}`, { headers });
  await page.context().close();
});
