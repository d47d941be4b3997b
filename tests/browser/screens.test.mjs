// Every screen in every state it can be in, light and dark, at a desk and on a phone: accessible, quiet, inside its width.
import { after, before, describe, it } from "node:test";
import { inspect, json, screensAt, WIDTHS } from "./screens.mjs";
import { BLANK, BRAND, DEMO, openBrowser, openPage, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

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
  {
    name: "profit",
    path: `/b/${BRAND}/profit?from=2026-10-01&to=2026-11-01&grain=week`,
    api: `**/api/brands/${BRAND}/profit*`,
    full: '[data-testid="table-profit"]',
    empty: async (route) => {
      const body = await (await route.fetch()).json();
      body.lines = body.lines.map((line) => ({ ...line, total: null, values: line.values.map(() => null) }));
      await route.fulfill({ status: 200, json: body });
    },
  },
  {
    name: "bridge",
    path: `/b/${BRAND}/bridge?from=2026-10-01&to=2026-11-01`,
    api: `**/api/brands/${BRAND}/bridge?*`,
    full: '[data-testid="bridge-shop"]',
    empty: async (route) => {
      const body = await (await route.fetch()).json();
      await route.fulfill({ status: 200, json: { ...body, shops: [] } });
    },
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

for (const width of WIDTHS) {
  describe(`${width} px`, { concurrency: 2 }, () => {
    screensAt(width, SCREENS, () => browser);

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
