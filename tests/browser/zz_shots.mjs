import { openBrowser, openSignedIn } from "./support.mjs";
const browser = await openBrowser();
const now = Date.now();
const ago = (h) => new Date(now - h * 3600e3).toISOString();
const archives = Array.from({ length: 9 }, (_, i) => ({ id: `a${i}`, at: ago(24 * i + 3), bytes: 4_810_233 - i * 40_000, file: `018f3b2e-7c55-7f10-9a3e-2f6c2d1b9c10/20261120T02000${i}.000Z.backup.age`, verified_at: i % 3 === 2 ? null : ago(24 * i + 2.9), verify_failure: i === 4 ? "Row 7 of orders differs" : null }));
const full = { running: false, overdue: false, last_failure: null, identity_on_machine: false, sealed_for: "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3f9dal", schedule: { hour: 2, keep_daily: 7, keep_weekly: 3, keep_monthly: 0 }, backups: archives };
const bad = { ...full, running: true, overdue: true, last_failure: "The disk is full: nothing was kept of it and nothing was changed. Free some space and try again.", identity_on_machine: true, schedule: null, backups: archives.map((a, i) => ({ ...a, at: ago(24 * i + 80), verify_failure: i === 0 ? "the archive is refused: row 7 of orders differs" : null })) };
for (const width of [1280, 375]) for (const theme of ["light", "dark"]) {
  const page = await openSignedIn(browser, { width, theme, allow: [/./] });
  const shot = (name) => page.screenshot({ path: `/tmp/shots/${name}-${width}-${theme}.png`, fullPage: true });
  for (const [name, body] of [["full", full], ["bad", bad], ["empty", { ...full, backups: [], overdue: true, sealed_for: null }]]) {
    await page.route("**/api/backups", (route) => route.fulfill({ json: body }));
    await page.goto("/admin/backups");
    await page.locator("dl").first().waitFor();
    await page.waitForTimeout(300);
    await shot(`backups-${name}`);
    if (name === "full") {
      await page.getByRole("button", { name: /^How to restore/ }).first().click();
      await page.getByRole("dialog").waitFor(); await page.waitForTimeout(300);
      await shot("backups-restore");
    }
    await page.unrouteAll();
  }
  await page.goto("/admin/audit");
  await page.locator('[data-testid="table-audit"]').waitFor(); await page.waitForTimeout(300);
  await shot("audit");
  await page.locator('[data-testid="table-audit"] tbody button').nth(3).click();
  await page.getByRole("dialog").waitFor(); await page.waitForTimeout(300);
  await shot("audit-drawer");
  await page.goto("/admin/audit?kind=key&result=denied");
  await page.locator('[data-testid="state-empty"]').waitFor();
  await shot("audit-empty");
  for (const [path, sel, name] of [["/admin/users", '[data-testid="table-people"]', "people"], ["/settings/profile", '[data-testid="table-sessions"]', "profile"]]) {
    await page.goto(path); await page.locator(sel).waitFor(); await page.waitForTimeout(200); await shot(name);
  }
  console.log(width, theme, page.trouble);
  await page.context().close();
}
await browser.close();
