// Sources from the first field to the last word: connected, read, stopped, signed in to anew, taken away; against simulated platforms.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { json } from "./screens.mjs";
import { api, axe, calm, openBrowser, openSignedIn, SANDBOX, WIRED } from "./support.mjs";

const EMAIL = "ines@wired.example";
const PASSWORD = "correct horse battery staple";
const VIEWER = "vic@wired.example";
const WHERE = "/b/wired/integrations";
/** A first sync takes a while on a busy machine. */
const LONG = { timeout: 180_000 };

const SECRETS = {
  shopify: "shpss_sandbox",
  meta_ads: "EAAsandbox",
  tiktok_ads: "tiktok_sandbox_secret",
  google_ads: "1//sandbox-refresh",
};

let browser;
before(async () => {
  browser = await openBrowser();
  await furnish();
});
after(() => browser?.close());

async function post(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${WIRED}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/** An owner, a viewer and a brand. */
async function furnish() {
  const owner = { email: EMAIL, name: "Ines Owner", password: PASSWORD };
  await post("/api/setup", { token: process.env.PP_WIRED_TOKEN, tenant_name: "Wired", ...owner });
  const { access_token } = await post("/api/auth/login", { email: EMAIL, password: PASSWORD });
  const brand = { name: "Wired", slug: "wired", currency: "USD", timezone: "America/New_York", week_start: 1 };
  await post("/api/brands", brand, access_token);
  await post("/api/users", { email: VIEWER, name: "Vic", role: "viewer", password: PASSWORD }, access_token);
}

/** Has the platforms do something. */
async function control(what, body) {
  const answer = await fetch(`${SANDBOX}/_control/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${what}: ${await answer.text()}`);
}

const open = (options = {}) => openSignedIn(browser, { base: WIRED, email: EMAIL, password: PASSWORD, ...options });
const ask = () => api(WIRED, EMAIL, PASSWORD);
const connections = async () => (await (await ask())("/api/integrations?brand=wired")).integrations;
const connection = async (source) => (await connections()).find((one) => one.source === source);
const card = (page, source, state) =>
  page.locator(`[data-source="${source}"]${state ? `[data-state="${state}"]` : ""}`).first();

async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) await page.locator(`input[name="${name}"]`).fill(value);
}

const FIELDS = {
  shopify: {
    "settings.shop": "juniper-oak.myshopify.com",
    "credentials.client_id": "sandbox-client",
    "credentials.client_secret": SECRETS.shopify,
  },
  meta_ads: { "credentials.access_token": SECRETS.meta_ads },
  tiktok_ads: {
    "credentials.app_id": "7000000000000000001",
    "credentials.app_secret": SECRETS.tiktok_ads,
    "credentials.auth_code": "a-code-that-is-good-once",
  },
  google_ads: {
    "credentials.developer_token": "sandbox-developer-token",
    "credentials.client_id": "sandbox.apps.googleusercontent.com",
    "credentials.client_secret": "GOCSPX-sandbox",
    "credentials.refresh_token": SECRETS.google_ads,
    "settings.login_customer_id": "900-000-0001",
  },
};

it("says what each source takes, checks a field when it is left, and takes nothing along that was not let in", async () => {
  const page = await open();
  await page.goto(WHERE);
  await card(page, "shopify", "not_connected").waitFor();
  assert.equal(await page.locator('[data-state="not_connected"]').count(), 4);
  await page.getByRole("link", { name: "Connect Shopify" }).click();
  await page.getByRole("heading", { name: "Connect Shopify" }).waitFor();
  await page.getByText("read_all_orders", { exact: true }).waitFor();
  const sent = [];
  page.on("request", (request) => request.method() !== "GET" && sent.push(request.url()));

  await page.locator('input[name="settings.shop"]').fill("candles.com");
  await page.keyboard.press("Tab");
  await page.getByText("ends in .myshopify.com.").waitFor();
  assert.equal(await page.locator('input[name="settings.shop"]').getAttribute("aria-invalid"), "true");
  await page.getByRole("button", { name: "Test and connect" }).click();
  assert.equal(await page.locator("[aria-invalid=true]").count(), 3, "every field that is needed");
  assert.deepEqual(sent, [], "nothing is sent that cannot be right");

  await fill(page, { ...FIELDS.shopify, "credentials.client_secret": "not-the-secret" });
  assert.equal(await page.locator('input[name="credentials.client_secret"]').getAttribute("type"), "password");
  await page.getByRole("button", { name: "Test and connect" }).click();
  await page.locator('[data-testid="test-result"][data-state="fails"]').waitFor(LONG);
  assert.deepEqual(await connections(), [], "it was tried, and nothing was made of it");
  await page.getByRole("button", { name: "Cancel" }).click();
  await card(page, "shopify", "not_connected").waitFor();
  assert.deepEqual(await connections(), []);
  calm(page, "the wizard");
  await page.context().close();
});

it("connects all four, shows the first sync, and each becomes healthy", async () => {
  const page = await open();
  // What was seen while it went on: the pace is the machine's.
  await page.addInitScript(() => {
    window.seen = new Set();
    const look = () => {
      for (const one of document.querySelectorAll('[data-testid^="conn-"]')) {
        window.seen.add(`${one.dataset.source} ${one.dataset.state}`);
        if (one.querySelector('[role="progressbar"]')) window.seen.add(`${one.dataset.source} progress`);
      }
    };
    addEventListener("DOMContentLoaded", () => {
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
  });
  // A download that trickles, so that there is something to see.
  await control("faults", { fault: [{ platform: "shopify", path: "bulk", times: 1, then: { kind: "drip", millis: 1 } }] });
  for (const source of ["shopify", "meta_ads", "tiktok_ads", "google_ads"]) {
    await page.goto(`${WHERE}?connect=${source}`);
    await fill(page, FIELDS[source]);
    if (source === "shopify") await page.getByLabel("History").selectOption("90");
    await page.getByRole("button", { name: "Test and connect" }).click();
    const result = page.locator('[data-testid="test-result"]');
    await page.waitForURL(/[?&]id=/, { timeout: 30_000 }).catch(async () => {
      assert.notEqual(await result.getAttribute("data-state"), "fails", await result.innerText());
      await page.getByRole("button", { name: /^(See how it goes on|Connect as it is)$/ }).click();
      await page.waitForURL(/[?&]id=/);
    });
  }
  await page.goto(WHERE);
  for (const source of Object.keys(SECRETS)) await card(page, source, "healthy").waitFor(LONG);
  const seen = await page.evaluate(() => [...window.seen]);
  assert.ok(seen.includes("shopify backfilling") && seen.includes("shopify progress"), seen.join(", "));
  for (const one of await connections()) {
    const shown = await page.locator(`[data-testid="conn-${one.id}"]`).innerText();
    assert.ok(shown.includes(one.account), `${one.source} by its account`);
    assert.match(shown, /Last sync\s+just now/);
  }
  calm(page, "connecting");
  await page.context().close();
});

it("keeps no secret: not on the page, not in the browser, not in what the server tells", async () => {
  const page = await open();
  const shop = await connection("shopify");
  await page.goto(`${WHERE}?id=${shop.id}`);
  await page.locator('[data-testid="table-runs"]').waitFor();
  await page.goto(`${WHERE}?id=${shop.id}&connect=shopify`);
  const secret = page.locator('input[name="credentials.client_secret"]');
  await secret.waitFor();
  assert.equal(await secret.inputValue(), "");
  assert.equal(await page.locator('input[name="settings.shop"]').count(), 0, "only what signs in is asked for");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  const told = JSON.stringify(await connections()) + kept + (await page.content());
  for (const text of Object.values(SECRETS)) assert.ok(!told.includes(text), text);
  const databases = await page.evaluate(async () => (await indexedDB.databases()).length + (await caches.keys()).length);
  assert.equal(databases, 0);
  calm(page, "secrets");
  await page.context().close();
});

it("tells stream by stream and run by run what the server knows; reads now, and days once more", async () => {
  const page = await open();
  const { id } = await connection("shopify");
  await page.goto(`${WHERE}?id=${id}`);
  const streams = page.locator('[data-testid="table-streams"] tbody tr');
  await streams.first().waitFor();
  const one = await connection("shopify");
  assert.equal(await streams.count(), one.streams.length);
  const format = new Intl.NumberFormat("en-US");
  for (const [at, stream] of one.streams.entries()) {
    const row = await streams.nth(at).innerText();
    assert.ok(row.includes(stream.label) && row.includes(format.format(stream.rows)) && row.includes("Ready"), row);
  }
  await page.getByText(one.api_version, { exact: true }).waitFor();
  const runs = page.locator('[data-testid="table-runs"] tbody tr');
  const before = await runs.count();
  assert.ok(before >= 1);
  await page.getByRole("button", { name: /^Sync now/ }).click();
  await page.getByText(/is being read/).waitFor();
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid="table-runs"] tbody tr').length > n, before);
  await runs.filter({ hasText: "You" }).first().locator('[data-state="done"]').waitFor(LONG);

  await page.getByRole("button", { name: /^More actions/ }).click();
  await page.getByRole("menuitem", { name: "Read a range again" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Read again" }).click();
  await dialog.getByText("Choose a day.").first().waitFor();
  const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  await dialog.getByLabel("From").fill(day(5));
  await dialog.getByLabel("To, inclusive").fill(day(9));
  await dialog.getByText("must not be after").waitFor();
  const asked = page.waitForResponse(/resync$/);
  await dialog.getByLabel("To, inclusive").fill(day(3));
  await dialog.getByRole("button", { name: "Read again" }).click();
  assert.equal((await asked).status(), 202);
  const [told] = (await (await ask())("/api/audit?kind=integration.resync_requested&limit=1")).entries;
  assert.deepEqual([told.data.from, told.data.to], [day(5), day(2)], "the API's end is the day after");
  await dialog.waitFor({ state: "detached" });
  await card(page, "shopify", "healthy").waitFor(LONG);

  await page.getByRole("button", { name: /^More actions/ }).click();
  await page.getByRole("menuitem", { name: "Test the connection" }).click();
  await page.locator('[data-testid="test-result"][data-state="works"]').getByText(one.account).waitFor(LONG);
  calm(page, "the detail");
  await page.context().close();
});

it("shows what could not be understood, with its reason and its text", async () => {
  const page = await open();
  const { id } = await connection("shopify");
  const reject = {
    stream: "orders",
    key: "gid://shopify/Order/5830172910284",
    reason: "The currency of a refund is not the order's.",
    text: '{"id":"gid://shopify/Order/5830172910284","currencyCode":"USD"}',
    first_at: "2026-11-20T10:00:00Z",
    last_at: "2026-11-21T10:00:00Z",
    times: 7,
  };
  await page.route("**/rejects", (route) => route.fulfill(json(200, { rejects: [reject] })));
  await page.goto(`${WHERE}?id=${id}`);
  const row = page.locator('[data-testid="table-rejects"] tbody tr');
  await row.getByText(reject.reason).waitFor();
  await row.getByRole("button", { name: /^Show text/ }).click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText('"currencyCode": "USD"').waitFor();
  await drawer.getByText("Met 7 times").waitFor();
  calm(page, "dead letters");
  await page.context().close();
});

it("pauses and goes on", async () => {
  const page = await open();
  const { id } = await connection("google_ads");
  await page.goto(`${WHERE}?id=${id}`);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await card(page, "google_ads", "paused").waitFor();
  await page.getByText("Nothing is read until it is resumed").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Sync now/ }).count(), 0);
  assert.equal((await connection("google_ads")).state, "paused");
  await page.getByRole("link", { name: "All integrations" }).click();
  await card(page, "google_ads", "paused").getByRole("button", { name: /^Resume/ }).click();
  await card(page, "google_ads", "healthy").waitFor(LONG);
  calm(page, "pause");
  await page.context().close();
});

it("names what to do about a token that was revoked, on a page that was open already, and signs in anew", async () => {
  const page = await open();
  await page.goto(WHERE);
  await card(page, "meta_ads", "healthy").waitFor();
  await control("revoke", { platform: "meta" });
  await card(page, "meta_ads").getByRole("button", { name: /^Sync now/ }).click();
  const broken = card(page, "meta_ads", "needs_sign_in");
  await broken.waitFor(LONG);
  const { error } = await connection("meta_ads");
  assert.ok(error, "the server says why");
  await broken.locator('[data-testid="conn-reason"]').getByText(error).waitFor();
  await axe(page, "a revoked token");
  await broken.getByRole("link", { name: /^Reconnect/ }).click();
  await page.getByRole("heading", { name: "Reconnect Meta Ads" }).waitFor();
  await fill(page, FIELDS.meta_ads);
  await page.getByRole("button", { name: "Test and replace" }).click();
  await page.locator('[data-testid="test-result"][data-state="fails"]').waitFor(LONG);
  await control("forgive", { platform: "meta" });
  await page.getByRole("button", { name: "Test and replace" }).click();
  await card(page, "meta_ads", "healthy").waitFor(LONG);
  calm(page, "a revoked token");
  await page.context().close();
});

it("connects by keyboard alone", async () => {
  const page = await open({ width: 1280 });
  const get = await ask();
  await page.goto(WHERE);
  await card(page, "shopify", "healthy").waitFor();
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return `${element?.getAttribute("aria-label") ?? ""} ${element?.getAttribute("name") ?? ""} ${element?.textContent ?? ""}`;
    });
  const tabTo = async (name) => {
    for (let step = 0; step < 80; step++) {
      await page.keyboard.press("Tab");
      if (name.test(await focused())) return;
    }
    assert.fail(`Tab never reached ${name}`);
  };
  await tabTo(/Connect another/);
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Connect Shopify" }).waitFor();
  await tabTo(/ way /);
  await page.keyboard.press("ArrowDown");
  await tabTo(/settings\.shop/);
  await page.keyboard.type("juniper-oak-eu.myshopify.com");
  await tabTo(/credentials\.access_token/);
  await page.keyboard.type("shpat_sandbox");
  await page.keyboard.press("Enter");
  // Its currency is another than the brand's: that is a warning to be read before anything is made.
  await page.getByRole("button", { name: "Connect as it is" }).waitFor(LONG);
  assert.equal((await connections()).filter((one) => one.source === "shopify").length, 1);
  await page.keyboard.press("Enter");
  await page.waitForURL(/[?&]id=/);
  const id = new URL(page.url()).searchParams.get("id");
  await page.locator(`[data-testid="conn-${id}"][data-state="healthy"]`).waitFor(LONG);
  assert.equal((await get(`/api/integrations/${id}`)).settings.shop, "juniper-oak-eu.myshopify.com");
  calm(page, "by keyboard");
  await page.context().close();
});

const orders = async () => {
  const body = {
    metrics: ["orders"],
    time: { start: "2020-01-01", end: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) },
  };
  const { access_token } = await post("/api/auth/login", { email: EMAIL, password: PASSWORD });
  const answer = await post("/api/brands/wired/query", body, access_token);
  return answer.rows[0]?.[answer.columns.findIndex((column) => (column.name ?? column.id ?? column) === "orders")] ?? 0;
};

it("disconnects: the name has to be typed, data stays or goes as was chosen", async () => {
  const page = await open();
  const end = async (one, choice) => {
    await page.goto(`${WHERE}?id=${one.id}`);
    await page.getByRole("button", { name: /^More actions/ }).click();
    await page.getByRole("menuitem", { name: "Disconnect" }).click();
    const dialog = page.getByRole("dialog");
    const button = dialog.getByRole("button", { name: "Disconnect" });
    await button.waitFor();
    assert.ok(await button.isDisabled());
    await dialog.getByLabel(choice).check();
    const name = "Shopify";
    await dialog.getByLabel(`Type ${name} to confirm`).fill(name.slice(0, -1));
    assert.ok(await button.isDisabled());
    await dialog.getByLabel(`Type ${name} to confirm`).fill(name);
    await button.click();
    await page.waitForURL((url) => url.search === "");
    await page.locator(`[data-testid="conn-${one.id}"]`).waitFor({ state: "detached" });
  };
  const of = async (shop) => (await connections()).find((one) => one.settings.shop === shop);
  const all = await orders();
  await end(await of("juniper-oak-eu.myshopify.com"), "Delete its data");
  for (let wait = 0; wait < 60 && (await orders()) === all; wait++) await new Promise((done) => setTimeout(done, 500));
  const left = await orders();
  assert.ok(left > 0 && left < all, `${all} became ${left}: the other shop's stay`);
  await end(await of("juniper-oak.myshopify.com"), "Keep its data");
  await card(page, "shopify", "not_connected").waitFor();
  assert.equal(await orders(), left);
  calm(page, "disconnect");
  await page.context().close();
});

it("shows everything to who may see, and nothing to act with", async () => {
  const page = await open({ email: VIEWER });
  await page.goto(WHERE);
  const one = card(page, "meta_ads", "healthy");
  await one.waitFor();
  assert.equal(await page.getByRole("button", { name: /^Sync|Connect/ }).count(), 0);
  assert.equal(await page.getByRole("link", { name: /^Connect/ }).count(), 0);
  await one.getByRole("link", { name: /^Details/ }).click();
  await page.locator('[data-testid="table-streams"]').waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Pause|Sync|More actions)/ }).count(), 0);
  await page.goto(`${WHERE}?connect=shopify`);
  await card(page, "meta_ads", "healthy").waitFor();
  assert.equal(await page.locator("main form").count(), 0);
  calm(page, "a viewer");
  await page.context().close();
});

it("says where there is no internet that files can be imported all the same", async () => {
  const page = await open();
  await page.route("**/api/integrations/sources", async (route) => {
    const body = await (await route.fetch()).json();
    const unreachable = "This installation is offline: sources need the internet. Files can be imported.";
    await route.fulfill({ json: body.map((one) => ({ ...one, unreachable })) });
  });
  await page.goto(WHERE);
  await page.locator('[data-testid="needs-internet"]').getByText("installation is offline").waitFor();
  await card(page, "shopify", "needs_internet").waitFor();
  assert.equal(await page.getByRole("link", { name: "Connect Shopify" }).count(), 0);
  await page.getByRole("link", { name: "Import files" }).waitFor();
  calm(page, "offline");
  await page.context().close();
});
