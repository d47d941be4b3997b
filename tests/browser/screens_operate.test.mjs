// The screens of whoever looks after an installation, as screens.test.mjs does it.
import { after, before, describe, it } from "node:test";
import { inspect, json, screensAt, WIDTHS } from "./screens.mjs";
import { openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const ARCHIVE = {
  id: "b1",
  file: "018f3b2e-7c55-7f10-9a3e-2f6c2d1b9c10/20261119T020000.000Z.backup.age",
  at: "2026-11-19T02:00:00Z",
  bytes: 48_102_331,
  verified_at: "2026-11-19T02:00:09Z",
  verify_failure: "the archive is refused: row 7 of orders differs",
};
const LOG = {
  until: "2026-11-19T17:59:00Z",
  waiting_commits: 1204,
  waiting_since: "2026-11-19T18:00:00Z",
  waiting_bytes: 48_102_331,
  failure: "writing 018f3b2e-7c55-7f10-9a3e-2f6c2d1b9c10/log/20261119T020000.000Z-0a1b2c3d/0000000001.log: No space left on device",
  failing_since: "2026-11-19T18:00:00Z",
  began_at: "2026-11-11T02:00:00Z",
  began_because: "more than 512 MB waited to be copied",
  first_snapshot_at: "2026-11-11T02:00:09Z",
  last_snapshot_at: "2026-11-18T02:00:09Z",
  gap_from: "2026-11-11T00:30:00Z",
  days: 30,
};
const NO_BACKUPS = {
  running: false,
  overdue: true,
  last_failure: null,
  identity_on_machine: false,
  sealed_for: null,
  schedule: null,
  log: null,
  backups: [],
};
const CHAIN = { entries: 9, head: "f0".repeat(32), verified_at: null, hot_since: "2026-11-01T02:00:00Z" };
const ENTRY = {
  seq: 9,
  at: "2026-11-20T17:00:00Z",
  kind: "second_factor.codes_renewed",
  actor: { kind: "user", id: "7298461f-32e3-4a4d-97e7-65aa2af84ada", name: "Somebody with a rather long name that goes on" },
  subject: "user:7298461f-32e3-4a4d-97e7-65aa2af84ada",
  result: "done",
  ip: "2001:db8:85a3:1319:8a2e:370:7344:1234",
  request_id: "40e9fd646ec33c5a1ca39769",
  data: { role: "admin", changed: ["name", "role"], reason: "a word".repeat(40) },
};

const SCREENS = [
  { name: "company", path: "/admin/tenants", api: "**/api/users", full: '[data-testid="company"]' },
  {
    name: "backups",
    path: "/admin/backups",
    api: "**/api/backups",
    full: '[data-testid="table-backups"]',
    // Everything at once that can be wrong with them.
    fullBody: {
      running: true,
      overdue: true,
      last_failure: "The disk is full: nothing was kept of it and nothing was changed. Free some space and try again.",
      identity_on_machine: true,
      sealed_for: "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3f9dal",
      schedule: { hour: 2, keep_daily: 7, keep_weekly: 3, keep_monthly: 12 },
      log: LOG,
      backups: [ARCHIVE, { ...ARCHIVE, id: "b2", verify_failure: null }, { ...ARCHIVE, id: "b3", verified_at: null }],
    },
    empty: (route) => route.fulfill(json(200, NO_BACKUPS)),
  },
  {
    name: "audit",
    path: "/admin/audit",
    api: "**/api/audit*",
    full: '[data-testid="table-audit"]',
    fullBody: { entries: ["done", "denied", "failed"].map((result, at) => ({ ...ENTRY, seq: 9 - at, result })), next_before: 7, chain: CHAIN },
    empty: (route) => route.fulfill(json(200, { entries: [], next_before: null, chain: { ...CHAIN, entries: 0 } })),
  },
];

for (const width of WIDTHS) {
  describe(`${width} px`, { concurrency: 2 }, () => {
    screensAt(width, SCREENS, () => browser);

    it("windows of backups, the audit log and who is removed", async () => {
      const page = await openSignedIn(browser, { width });
      const backups = { ...NO_BACKUPS, overdue: false, sealed_for: "age1x", backups: [ARCHIVE] };
      await page.route("**/api/backups", (route) => route.fulfill(json(200, backups)));
      const log = { entries: [ENTRY], next_before: null, chain: CHAIN };
      await page.route("**/api/audit*", (route) => route.fulfill(json(200, log)));
      const remove = async () => {
        await page.getByRole("button", { name: /^Actions for/ }).first().click();
        await page.getByRole("menuitem", { name: "Remove" }).click();
      };
      const windows = [
        ["/admin/backups", "how to restore", () => page.getByRole("button", { name: /^How to restore/ }).click()],
        ["/admin/audit", "an entry", () => page.getByRole("button", { name: /^Details of/ }).click()],
        ["/admin/users", "removing somebody", remove],
      ];
      for (const [path, what, open] of windows) {
        await page.goto(path);
        await open();
        await page.getByRole("dialog").waitFor();
        await page.waitForTimeout(200);
        await inspect(page, width, what, '[role="dialog"]');
      }
      await page.goto("/admin/users");
      await page.getByText("What each role may do").click();
      await page.locator('[data-testid="table-roles"]').waitFor();
      await inspect(page, width, "what each role may do");
      await page.context().close();
    });
  });
}
