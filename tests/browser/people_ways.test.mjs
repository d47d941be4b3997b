// How people sign in beside a password, as a manager sees it and takes it away: a passkey for real, with Chromium's own virtual device;
// accounts at a provider as the server would list them.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { inspect, json, WIDTHS } from "./screens.mjs";
import { axe, calm, DEMO, openBrowser, openPage, openSignedIn, OWNER } from "./support.mjs";

const LOCAL = DEMO.replace("127.0.0.1", "localhost");
const OPERATOR = "operator@juniper-oak.example";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

it("takes somebody's passkeys away, and they let nobody in afterwards", async () => {
  const person = await openPage(browser, { base: LOCAL });
  const devtools = await person.context().newCDPSession(person);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  await person.goto("/login");
  await person.getByLabel("E-mail").fill(OPERATOR);
  await person.getByLabel("Password", { exact: true }).fill("pulsepoint-demo");
  await person.getByRole("button", { name: "Sign in", exact: true }).click();
  await person.waitForURL(/\/b\//);
  await person.goto("/settings/profile");
  await person.getByRole("button", { name: "Add a passkey" }).click();
  await person.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
  await person.locator('[data-testid="table-passkeys"]').waitFor();

  const owner = await openSignedIn(browser);
  await owner.goto("/admin/users");
  const row = owner.locator('[data-testid="table-people"] tbody tr', { hasText: OPERATOR });
  await row.getByText("1 passkey").waitFor();
  await row.getByRole("button", { name: /^Actions for/ }).click();
  assert.equal(await owner.getByRole("menuitem", { name: "Let go of single sign-on" }).count(), 0);
  await owner.getByRole("menuitem", { name: "Remove passkeys" }).click();
  const dialog = owner.getByRole("dialog");
  await axe(owner, "removing somebody's passkeys", '[role="dialog"]');
  await dialog.getByRole("button", { name: "Remove passkeys" }).click();
  await row.getByText("1 passkey").waitFor({ state: "detached" });
  calm(owner, "removing somebody's passkeys");

  await person.context().clearCookies();
  await person.evaluate(() => localStorage.removeItem("pp.session"));
  person.allow = [/status of 401/];
  await person.goto("/login");
  await person.getByRole("button", { name: "Sign in with a passkey" }).click();
  await person.getByText("This passkey does not fit anybody here.").waitFor();
  calm(person, "a passkey that was taken away");
  for (const page of [owner, person]) await page.context().close();
});

it("lets an owner let go of an account at the provider, and nobody else", async () => {
  const row = (id, name, more) => ({
    id,
    email: `${id}@juniper-oak.example`,
    name,
    role: "viewer",
    state: "active",
    last_login_at: null,
    brands: null,
    second_factor: true,
    passkeys: 12,
    single_sign_on: true,
    ...more,
  });
  const long = "Wilhelmina Bartholomea von und zu Hohenlohe-Langenburg-Schillingsfürst";
  const users = [row("one", long), row("two", "Bo", { single_sign_on: false, passkeys: 0, second_factor: false })];
  for (const [width, email, may] of [...WIDTHS.map((width) => [width, OWNER, true]), [1280, "admin", false]]) {
    const page = await openSignedIn(browser, { width });
    await page.route("**/api/users", (route) => route.fulfill(json(200, { users })));
    if (email === "admin") {
      // The demo has no admin: the same page as one sees it.
      await page.route("**/api/auth/me", async (route) => {
        const me = await (await route.fetch()).json();
        await route.fulfill(json(200, { ...me, user: { ...me.user, role: "admin" } }));
      });
    }
    const asked = [];
    await page.route("**/api/users/one/oidc", (route) => {
      asked.push(route.request().method());
      return route.fulfill({ status: 204 });
    });
    await page.goto("/admin/users");
    await page.getByText("2FA · 12 passkeys · SSO").waitFor();
    await inspect(page, width, "people who sign in in every way");
    await page.getByRole("button", { name: `Actions for ${long}` }).click();
    const item = page.getByRole("menuitem", { name: "Let go of single sign-on" });
    await page.getByRole("menuitem", { name: "Remove passkeys" }).waitFor();
    assert.equal(await item.count(), may ? 1 : 0);
    if (may) {
      await item.click();
      await page.getByRole("dialog").waitFor();
      await page.waitForTimeout(200);
      await inspect(page, width, "letting go of single sign-on", '[role="dialog"]');
      await page.getByRole("dialog").getByRole("button", { name: "Let go of single sign-on" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      assert.deepEqual(asked, ["DELETE"]);
    }
    calm(page, "letting go of single sign-on");
    await page.context().close();
  }
});
