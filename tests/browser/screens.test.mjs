// Every screen in every state it can be in, light and dark, at a desk and on a phone: accessible, quiet, inside its width.
import { after, before, describe, it } from "node:test";
import { axe, BLANK, BRAND, calm, DEMO, fits, openBrowser, openPage, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const WIDTHS = [1280, 375];
const json = (status, body) => ({ status, contentType: "application/json", body: JSON.stringify(body) });
const broken = { title: "Internal error", status: 500, detail: "Something broke.", code: "internal", request_id: "req-1" };
const FAILED = [/status of 500/];

const ARCHIVE = {
  id: "b1",
  file: "018f3b2e-7c55-7f10-9a3e-2f6c2d1b9c10/20261119T020000.000Z.backup.age",
  at: "2026-11-19T02:00:00Z",
  bytes: 48_102_331,
  verified_at: "2026-11-19T02:00:09Z",
  verify_failure: "the archive is refused: row 7 of orders differs",
};
const NO_BACKUPS = {
  running: false,
  overdue: true,
  last_failure: null,
  identity_on_machine: false,
  sealed_for: null,
  schedule: null,
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

/** A screen: where it is, what stands there when it is ready, and which request to bend for which state. */
const SCREENS = [
  {
    name: "dashboard",
    path: `/b/${BRAND}`,
    api: `**/api/brands/${BRAND}/dashboard*`,
    full: '[data-testid="chart-main"]',
    empty: async (route) => {
      const body = await (await route.fetch()).json();
      body.freshness = { ...body.freshness, data_through: null, sources: [] };
      body.kpis = body.kpis.map((kpi) => ({ ...kpi, value: kpi.unit === "count" ? 0 : null, series: [] }));
      Object.assign(body, { series: [], channels: [], channels_total: null, products: [], inventory: [], inventory_as_of: null, notes: [] });
      body.customers = { ...body.customers, series: [] };
      await route.fulfill({ status: 200, json: body });
    },
  },
  {
    name: "import",
    path: `/b/${BRAND}/import`,
    api: `**/api/brands/${BRAND}/imports`,
    full: '[data-testid="table-imports"]',
    fullBody: {
      imports: ["running", "done", "failed", "interrupted", "queued"].map((state, at) => ({
        id: `i${at}`,
        file_name: `a rather long file name of an export, number ${at}, as platforms like to write them.csv`,
        state,
        format: null,
        error: state === "failed" ? "The header fits no known format." : null,
        rows_read: 120_033,
        rows_landed: 118_000,
        rows_unchanged: 2033,
        rows_rejected: state === "done" ? 9 : 0,
        rejects_url: state === "done" ? `/api/brands/${BRAND}/imports/i${at}/rejects` : null,
        bytes_done: 52e6,
        bytes_total: 91e6,
        created_at: "2026-11-20T17:00:00Z",
        finished_at: null,
      })),
    },
    empty: (route) => route.fulfill(json(200, { imports: [] })),
  },
  { name: "people", path: "/admin/users", api: "**/api/users", full: '[data-testid="table-people"]' },
  {
    name: "keys",
    path: "/admin/keys",
    api: "**/api/keys",
    full: '[data-testid="table-keys"]',
    fullBody: {
      keys: ["A spreadsheet with a rather long name that goes on and on", "Nightly export"].map((name, at) => ({
        id: `k${at}`,
        name,
        prefix: "pp_live_abcdefgh",
        permissions: at ? ["view", "ask", "act", "connect", "manage", "operate"] : ["view"],
        brands: at ? null : ["b1"],
        made_by: "The owner",
        created_at: "2026-11-01T10:00:00Z",
        expires_at: "2026-11-20T10:00:00Z",
        expired: at === 1,
        last_used_at: at ? "2026-11-19T10:00:00Z" : null,
      })),
    },
    empty: (route) => route.fulfill(json(200, { keys: [] })),
  },
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
  {
    name: "profile",
    path: "/settings/profile",
    api: "**/api/auth/{sessions,totp}",
    full: '[data-testid="table-sessions"]',
  },
  { name: "brand", path: "/settings/brand", api: "**/api/brands", full: 'input[name="name"]' },
  { name: "appearance", path: "/settings/appearance", full: '[role="switch"]' },
  { name: "not found", path: "/nowhere/at/all", full: 'main a[href="/"]', allow: [/status of 404/] },
];

function statesOf(screen) {
  const states = [{ state: "full", ready: screen.full, allow: screen.allow ?? [] }];
  if (screen.fullBody) states[0].bend = (route) => route.fulfill(json(200, screen.fullBody));
  if (!screen.api) return states;
  if (screen.empty) states.push({ state: "empty", ready: '[data-testid="state-empty"]', bend: screen.empty, allow: [] });
  states.push({ state: "loading", ready: '[data-testid="state-loading"]', bend: () => undefined, allow: [] });
  const fail = (route) => route.fulfill(json(500, broken));
  states.push({ state: "error", ready: '[data-testid="state-error"]', bend: fail, allow: FAILED });
  return states;
}

/** Both themes of what is on the screen now, and the narrowest phone. */
async function inspect(page, width, what, within) {
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    await axe(page, `${what}, ${width} px, ${theme}`, within);
  }
  await fits(page, `${what} at ${width} px`);
  if (width < 600) {
    await page.setViewportSize({ width: 320, height: 700 });
    await fits(page, `${what} at 320 px`);
    await page.setViewportSize({ width, height: 812 });
  }
  calm(page, what);
}

for (const width of WIDTHS) {
  describe(`${width} px`, { concurrency: 2 }, () => {
    for (const screen of SCREENS) {
      it(screen.name, async () => {
        const page = await openSignedIn(browser, { width });
        for (const { state, ready, bend, allow } of statesOf(screen)) {
          page.allow = allow;
          if (bend) await page.route(screen.api, bend);
          await page.goto(screen.path);
          await page.locator(ready).first().waitFor();
          await page.waitForTimeout(250);
          await inspect(page, width, `${screen.name}, ${state}`);
          await page.unrouteAll({ behavior: "ignoreErrors" });
        }
        await page.context().close();
      });
    }

    it("sign-in, setup", async () => {
      for (const [base, path] of [
        [DEMO, "/login"],
        [BLANK, "/setup"],
      ]) {
        const page = await openPage(browser, { base, width });
        await page.goto(path);
        await page.locator("form").waitFor();
        await inspect(page, width, path);
        await page.locator('button[type="submit"]').click();
        await page.locator("[aria-invalid=true]").first().waitFor();
        await inspect(page, width, `${path} with errors`);
        await page.context().close();
      }
    });

    it("links: to join, to a new password, to nothing", async () => {
      const link = (kind) => ({
        kind,
        email: "ada@juniper-oak.example",
        tenant: "Juniper & Oak",
        role: "viewer",
        expires_at: "2026-11-27T10:00:00Z",
      });
      const page = await openPage(browser, { base: DEMO, width });
      for (const [path, kind] of [
        ["/join", "invitation"],
        ["/reset", "reset"],
      ]) {
        await page.route("**/api/auth/links", (route) => route.fulfill(json(200, link(kind))));
        await page.goto(`${path}#x.y`);
        await page.locator("form").waitFor();
        await inspect(page, width, path);
        await page.locator('button[type="submit"]').click();
        await page.locator("[aria-invalid=true]").first().waitFor();
        await inspect(page, width, `${path} with errors`);
        await page.unrouteAll({ behavior: "ignoreErrors" });
        await page.goto("about:blank");
      }
      page.allow = [/status of 404/];
      await page.goto("/join#nothing");
      await page.locator('[data-testid="state-gone"]').waitFor();
      await inspect(page, width, "a link that is gone");
      await page.context().close();
    });

    it("the second step of a sign-in", async () => {
      const page = await openPage(browser, { base: DEMO, width, allow: [/status of 401/] });
      const asks = { title: "Unauthorized", status: 401, code: "totp_required", detail: "Enter the code.", request_id: "req-2" };
      await page.route("**/api/auth/login", (route) => route.fulfill(json(401, asks)));
      await page.goto("/login");
      await page.getByLabel("E-mail").fill("owner@juniper-oak.example");
      await page.getByLabel("Password", { exact: true }).fill("pulsepoint-demo");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.locator('input[name="code"]:focus').waitFor();
      await inspect(page, width, "second step");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.locator("[aria-invalid=true]").waitFor();
      await inspect(page, width, "second step with an error");
      await page.context().close();
    });

    it("windows of people, keys and the profile", async () => {
      const page = await openSignedIn(browser, { width });
      const windows = [
        ["/admin/users", "invite", () => page.getByRole("button", { name: "Invite", exact: true }).click()],
        ["/admin/keys", "make a key", () => page.getByRole("button", { name: "Make a key" }).click()],
        ["/settings/profile", "set up a second factor", () => page.getByRole("button", { name: "Set up" }).click()],
      ];
      for (const [path, what, open] of windows) {
        await page.goto(path);
        await open();
        await page.getByRole("dialog").waitFor();
        await page.waitForTimeout(200);
        await inspect(page, width, what, '[role="dialog"]');
        await page.getByRole("dialog").locator('button[type="submit"]').click();
        await page.locator("[aria-invalid=true]").first().waitFor();
        await inspect(page, width, `${what} with errors`, '[role="dialog"]');
      }
      await page.context().close();
    });

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

    it("windows over the page: range, menu, information, palette, shortcuts, questions", async () => {
      const page = await openSignedIn(browser, { width });
      await page.goto(`/b/${BRAND}`);
      await page.locator('[data-testid="chart-main"]').waitFor();
      const windows = [
        ["date range", () => page.getByRole("button", { name: "Last 30 days" }).click(), '[role="dialog"]'],
        ["information", () => page.getByRole("button", { name: /^About MER/ }).click(), '[role="dialog"]'],
        ["card menu", () => page.getByRole("button", { name: "Actions for Channels" }).click(), '[role="menu"]'],
        ["account menu", () => page.getByRole("button", { name: "Account" }).click(), '[role="menu"]'],
        ["palette", () => page.keyboard.press("Control+k"), '[role="listbox"]'],
        ["shortcuts", () => page.keyboard.press("?"), '[role="dialog"]'],
        ["demo question", () => page.getByRole("button", { name: "Remove demo data" }).click(), '[role="dialog"]'],
      ];
      for (const [what, open, there] of windows) {
        await open();
        await page.locator(there).waitFor();
        await page.waitForTimeout(200);
        // What lies beneath a window is covered in part, which says nothing about it.
        await inspect(page, width, what, there);
        await page.keyboard.press("Escape");
        await page.locator(there).waitFor({ state: "detached" });
      }
      await page.getByRole("button", { name: "View as table" }).first().click();
      await page.locator('[data-testid="chart-main-table"]').waitFor();
      await inspect(page, width, "chart as a table");
      await page.context().close();
    });
  });
}
