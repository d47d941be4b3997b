// The copying of every commit on the Backups page: how far it is, what waits, what stopped it, what is missing; light and dark, at a
// desk and on a phone.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { inspect, json, WIDTHS } from "./screens.mjs";
import { openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const CURRENT = {
  until: ago(4),
  waiting_commits: 0,
  waiting_since: null,
  waiting_bytes: 0,
  failure: null,
  failing_since: null,
  began_at: ago(86_400 * 9),
  began_because: "it is the first",
  first_snapshot_at: ago(86_400 * 9),
  last_snapshot_at: ago(86_400 * 2),
  gap_from: null,
  days: 30,
};
const STOPPED = {
  ...CURRENT,
  until: ago(3700),
  waiting_commits: 1234,
  waiting_since: ago(3600),
  waiting_bytes: 48_102_331,
  failure:
    "writing 018f3b2e-7c55-7f10-9a3e-2f6c2d1b9c10/log/20261119T020000.000Z-0a1b2c3d/0000000001-0000000001.000000001234.log: No space left on device (os error 28)",
  failing_since: ago(3600),
  began_because: "more than 512 MB waited to be copied",
  gap_from: ago(86_400 * 9 + 5400),
};
const STATES = [
  ["off", null, [/Not copied/, /backup\.folder/], []],
  ["not begun", { ...CURRENT, until: null, began_at: null, first_snapshot_at: null }, [/Not begun/, /first snapshot/], []],
  ["current", CURRENT, [/Copied/, /Newest entry/, /Any second since/], []],
  ["waiting", { ...CURRENT, waiting_commits: 1, waiting_since: ago(2) }, [/Catching up/, /1 commit waits, from/], []],
  ["stopped", STOPPED, [/Stopped/, /1,234 commits wait, the first from/, /48\.1 MB are kept here/], ["log-stopped", "log-gap"]],
];

for (const width of WIDTHS) {
  for (const [name, log, texts, notices] of STATES) {
    it(`the log, ${name}, ${width} px`, async () => {
      const page = await openSignedIn(browser, { width });
      await page.route("**/api/backups", async (route) => {
        const list = await (await route.fetch()).json();
        await route.fulfill(json(200, { ...list, log }));
      });
      await page.goto("/admin/backups");
      const fact = page.locator("dl > div", { hasText: "Every commit" });
      await fact.waitFor();
      const said = await fact.innerText();
      for (const text of texts) assert.match(said, text);
      for (const notice of ["log-stopped", "log-gap"]) {
        assert.equal(await page.locator(`[data-testid="${notice}"]`).count(), notices.includes(notice) ? 1 : 0, notice);
      }
      if (notices.length > 0) {
        const stopped = page.locator('[data-testid="log-stopped"]');
        assert.match(await stopped.innerText(), /No space left on device/);
        assert.match(await page.locator('[data-testid="log-gap"]').innerText(), /more than 512 MB waited to be copied/);
      }
      await inspect(page, width, `the log, ${name}`);
      await page.context().close();
    });
  }
}
