// Passkeys with Chromium's own virtual device: made on the profile, used on the sign-in page, removed. On localhost, where browsers
// have them without TLS; at the IP address there are none, and nothing on the page says otherwise.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { axe, calm, DEMO, openBrowser, openPage, openSignedIn } from "./support.mjs";

const LOCAL = DEMO.replace("127.0.0.1", "localhost");
const EMAIL = "owner@northwind-demo.example";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** Gives the page a device that verifies the person at once. */
async function withDevice(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    verifies: (isUserVerified) => devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    keys: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

/** As a new visitor: the cookie is gone, the device stays. */
async function leave(page) {
  await page.context().clearCookies();
  await page.evaluate(() => localStorage.removeItem("pp.session"));
  await page.goto("/login");
}

it("makes a passkey, signs in with it, and removes it", async () => {
  const page = await openPage(browser, { base: LOCAL });
  const device = await withDevice(page);
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill("pulsepoint-demo");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/b\//);
  await page.goto("/settings/profile");
  await page.locator('[data-testid="passkeys-none"]').waitFor();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("My laptop");
  await axe(page, "adding a passkey", '[role="dialog"]');
  // The session just began, so nobody asks for the password.
  await dialog.getByRole("button", { name: "Continue" }).click();
  const table = page.locator('[data-testid="table-passkeys"]');
  await table.getByText("My laptop").waitFor();
  const [key] = await device.keys();
  assert.deepEqual([key.isResidentCredential, key.rpId], [true, "localhost"]);

  await page.getByRole("button", { name: "Add a passkey" }).click();
  await dialog.getByRole("button", { name: "Continue" }).click();
  await dialog.getByText("This device has a passkey for you already.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();

  await leave(page);
  await axe(page, "the sign-in page with a passkey");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(/\/b\/northwind/);
  calm(page, "with a passkey");

  await leave(page);
  await device.verifies(false);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("The browser gave no passkey.").waitFor();
  await device.verifies(true);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(/\/b\/northwind/);

  await page.goto("/settings/profile");
  await page.getByRole("button", { name: "Remove My laptop" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.locator('[data-testid="passkeys-none"]').waitFor();
  await leave(page);
  page.allow = [/status of 401/];
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This passkey does not fit anybody here.").waitFor();
  calm(page, "removing it");
  await page.context().close();
});

it("offers none at an address that they are not made for", async () => {
  const page = await openSignedIn(browser, { email: EMAIL });
  await page.goto("/settings/profile");
  await page.getByText("Passkeys need https, or localhost").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a passkey" }).count(), 0);
  calm(page, "without passkeys");
  const stranger = await openPage(browser);
  const asked = stranger.waitForResponse(/\/api\/auth\/passkeys\/login$/);
  await stranger.goto("/login");
  await (await asked).finished();
  await stranger.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  assert.equal(await stranger.locator('[data-testid="other-ways"]').count(), 0);
  calm(stranger, "the sign-in page without other ways");
  for (const one of [page, stranger]) await one.context().close();
});
