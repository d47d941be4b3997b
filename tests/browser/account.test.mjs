// Coming in by a link, one's own password and sessions, the second factor, API keys: as people do it, on the demo's own instance.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, it } from "node:test";
import { axe, calm, DEMO, openBrowser, openPage, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

const FIRST = "a first long passphrase";
const SECOND = "a second long passphrase";
const ADA = "ada@juniper-oak.example";

/** The code of a base32 secret, so many steps of thirty seconds from now. */
function codeOf(secret, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function signIn(page, email, password) {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const bearer = (path, key) => fetch(`${DEMO}${path}`, { headers: { authorization: `Bearer ${key}` } });

it("invites somebody, who comes in by the link; the link is good once", async () => {
  const owner = await openSignedIn(browser);
  await owner.goto("/admin/users");
  await owner.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill(ADA);
  await dialog.getByLabel("Role").selectOption("analyst");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await owner.locator('[data-testid="secret"]').inputValue();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join#/);
  await owner.getByRole("button", { name: "Done" }).click();
  await owner.locator('[data-testid="table-invitations"]').getByText(ADA).waitFor();

  const ada = await openPage(browser);
  await ada.goto(link);
  await ada.getByRole("heading", { name: /^Join / }).waitFor();
  assert.equal(new URL(ada.url()).hash, "", "the token leaves the address bar");
  await ada.getByLabel("Your name").fill("Ada Analyst");
  await ada.getByLabel("Password", { exact: true }).fill(FIRST);
  await ada.getByRole("button", { name: "Join" }).click();
  await ada.waitForURL(/\/b\//);
  await ada.getByRole("button", { name: /Account/ }).waitFor();
  calm(ada, "joining");

  const late = await openPage(browser, { allow: [/status of 404/] });
  await late.goto(link);
  await late.locator('[data-testid="state-gone"]').waitFor();
  await owner.reload();
  await owner.locator('[data-testid="table-people"]').getByText("Ada Analyst").waitFor();
  assert.equal(await owner.locator('[data-testid="table-invitations"]').count(), 0);
  calm(owner, "inviting");
  for (const page of [owner, ada, late]) await page.context().close();
});

it("changes the password, which ends the other sessions; ends one by hand", async () => {
  const here = await openSignedIn(browser, { email: ADA, password: FIRST });
  const there = await openSignedIn(browser, { email: ADA, password: FIRST });
  await here.goto("/settings/profile");
  await there.goto("/settings/profile");
  const table = here.locator('[data-testid="table-sessions"]');
  await table.getByText("(this one)").waitFor();
  assert.ok((await table.locator("tbody tr").count()) >= 2);

  here.allow = [/status of 422/];
  await here.getByLabel("Current password").fill("not my password");
  await here.getByLabel("New password").fill(SECOND);
  await here.getByRole("button", { name: "Change password" }).click();
  await here.getByText("This is not your password.").waitFor();
  await here.getByLabel("Current password").fill(FIRST);
  await here.getByRole("button", { name: "Change password" }).click();
  await here.getByText("Your password is changed.").waitFor();
  await here.waitForFunction(() => document.querySelectorAll('[data-testid="table-sessions"] tbody tr').length === 1);
  there.allow = [/status of 401/];
  await there.reload();
  await there.waitForURL(/\/login/);

  const third = await openSignedIn(browser, { email: ADA, password: SECOND });
  await third.goto("/settings/profile");
  await third.locator('[data-testid="table-sessions"]').waitFor();
  await here.reload();
  await here.getByRole("button", { name: /^End the session on/ }).first().click();
  await here.getByText("The session has ended.").waitFor();
  await here.waitForFunction(() => document.querySelectorAll('[data-testid="table-sessions"] tbody tr').length === 1);
  await here.getByText("(this one)").waitFor();
  calm(here, "password and sessions");
  for (const page of [here, there, third]) await page.context().close();
});

it("sets a second factor up, signs in with it and with a recovery code, turns it off", async () => {
  const page = await openSignedIn(browser, { email: ADA, password: SECOND });
  await page.goto("/settings/profile");
  await page.getByRole("button", { name: "Set up" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill(SECOND);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await dialog.getByRole("img", { name: /QR code/ }).waitFor();
  await axe(page, "the QR code", '[role="dialog"]');
  const secret = await dialog.locator('[data-testid="totp-secret"]').innerText();
  page.allow = [/status of 422/];
  await dialog.getByRole("textbox", { name: "Code" }).fill("000000");
  await dialog.getByRole("button", { name: "Turn on" }).click();
  await dialog.getByText("That code is not right").waitFor();
  await dialog.getByRole("textbox", { name: "Code" }).fill(codeOf(secret));
  await dialog.getByRole("button", { name: "Turn on" }).click();
  const codes = (await page.locator('[data-testid="secret"]').inputValue()).split("\n");
  assert.equal(codes.length, 10);
  await axe(page, "the recovery codes", '[role="dialog"]');
  await dialog.getByRole("button", { name: "I saved them" }).click();
  await page.locator('[data-testid="second-factor-state"][data-state="on"]').waitFor();
  calm(page, "setting up");

  const again = await openPage(browser, { allow: [/status of 401/] });
  await signIn(again, ADA, SECOND);
  await again.locator('input[name="code"]:focus').fill("123");
  await again.keyboard.press("Enter");
  await again.getByText("That code is not right, or was used already.").waitFor();
  await again.locator('input[name="code"]').fill(codes[0]);
  await again.keyboard.press("Enter");
  await again.waitForURL(/\/b\//);
  calm(again, "signing in with a code");

  await page.getByRole("button", { name: "Turn off" }).click();
  await dialog.getByLabel("Current password").fill(SECOND);
  await dialog.getByRole("textbox", { name: "Code" }).fill(codes[1]);
  await dialog.getByRole("button", { name: "Turn off" }).click();
  await page.locator('[data-testid="second-factor-state"][data-state="off"]').waitFor();
  for (const one of [page, again]) await one.context().close();
});

it("makes a key that is shown once, uses and revokes it", async () => {
  const page = await openSignedIn(browser);
  await page.goto("/admin/keys");
  await page.getByRole("button", { name: "Make a key" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Sheet");
  await dialog.getByRole("button", { name: "Make a key" }).click();
  const key = await page.locator('[data-testid="secret"]').inputValue();
  assert.match(key, /^pp_live_/);
  assert.equal((await bearer("/api/brands", key)).status, 200);
  assert.equal((await bearer("/api/users", key)).status, 403);
  await dialog.getByRole("button", { name: "I saved it" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.reload();
  const table = page.locator('[data-testid="table-keys"]');
  await table.getByText("Sheet").waitFor();
  assert.ok(!(await page.content()).includes(key.slice(17)), "shown once");
  await page.getByRole("button", { name: "Revoke Sheet" }).click();
  const sure = page.getByRole("dialog").getByRole("button", { name: "Revoke" });
  assert.ok(await sure.isDisabled(), "not before its name is typed");
  await page.getByLabel("Type Sheet to confirm").fill("Sheet");
  await sure.click();
  await page.locator('[data-testid="state-empty"]').waitFor();
  assert.equal((await bearer("/api/brands", key)).status, 401);
  calm(page, "keys");
  await page.context().close();
});

it("gives somebody a link to a new password, and fewer brands", async () => {
  const owner = await openSignedIn(browser);
  await owner.goto("/admin/users");
  const actions = owner.getByRole("button", { name: "Actions for Ada Analyst" });
  await actions.click();
  await owner.getByRole("menuitem", { name: "Link to a new password" }).click();
  const link = await owner.locator('[data-testid="secret"]').inputValue();
  await owner.getByRole("button", { name: "Done" }).click();
  const ada = await openPage(browser);
  await ada.goto(link);
  await ada.getByLabel("New password").fill(FIRST);
  await ada.getByRole("button", { name: "Set password" }).click();
  await ada.waitForURL(/\/b\//);

  await actions.click();
  await owner.getByRole("menuitem", { name: "Choose brands" }).click();
  await owner.getByRole("radio", { name: "Only these" }).check();
  await owner.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await owner.getByText("Ada Analyst was changed.").waitFor();
  await owner.getByText("no brand", { exact: true }).waitFor();
  ada.allow = [/status of 40[134]/];
  await ada.goto("/b/juniper-oak");
  await ada.locator('[data-testid="state-error"]').first().waitFor();
  calm(owner, "people");
  for (const page of [owner, ada]) await page.context().close();
});

it("removes somebody once their address is typed, and their e-mail is free again", async () => {
  const owner = await openSignedIn(browser);
  await owner.goto("/admin/users");
  const ada = await openSignedIn(browser, { email: ADA, password: FIRST });
  await ada.goto("/settings/profile");
  await ada.locator('[data-testid="table-sessions"]').waitFor();
  await owner.getByRole("button", { name: "Actions for Ada Analyst" }).click();
  await owner.getByRole("menuitem", { name: "Remove" }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByLabel(`Type ${ADA} to confirm`).fill("ada");
  assert.ok(await dialog.getByRole("button", { name: "Remove" }).isDisabled());
  await owner.keyboard.press("Enter");
  await dialog.getByLabel(`Type ${ADA} to confirm`).fill(ADA);
  await owner.keyboard.press("Enter");
  await owner.getByText("Ada Analyst was removed.").waitFor();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await owner.locator('[data-testid="table-people"]').getByText("Ada Analyst").count(), 0);
  ada.allow = [/status of 401/];
  await ada.reload();
  await ada.waitForURL(/\/login/);
  calm(owner, "removing somebody");
  for (const page of [owner, ada]) await page.context().close();
});

it("leads whoever is asked for a second factor to the one page where it is set up, in that company alone", async () => {
  const email = "owner@northwind-demo.example";
  const owner = await openSignedIn(browser, { email });
  const enrol = async (page, password) => {
    await page.getByRole("button", { name: "Set up" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Current password").fill(password);
    await dialog.getByRole("button", { name: "Continue" }).click();
    const secret = await dialog.locator('[data-testid="totp-secret"]').innerText();
    await dialog.getByRole("textbox", { name: "Code" }).fill(codeOf(secret));
    await dialog.getByRole("button", { name: "Turn on" }).click();
    const codes = (await page.locator('[data-testid="secret"]').inputValue()).split("\n");
    await dialog.getByRole("button", { name: "I saved them" }).click();
    await page.locator('[data-testid="second-factor-state"][data-state="on"]').waitFor();
    return codes;
  };
  await owner.goto("/admin/users");
  owner.allow = [/status of 409/];
  await owner.getByRole("switch").click();
  await owner.getByText("Set up a second factor of your own first").first().waitFor();
  await owner.goto("/settings/profile");
  const codes = await enrol(owner, "pulsepoint-demo");
  await owner.goto("/admin/users");
  await owner.getByRole("switch").click();
  await owner.locator('[role="switch"][aria-checked="true"]').waitFor();
  await owner.getByRole("button", { name: "Invite", exact: true }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill("bob@northwind-demo.example");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = await owner.locator('[data-testid="secret"]').inputValue();

  const bob = await openPage(browser);
  await bob.goto(link);
  await bob.getByLabel("Your name").fill("Bob");
  await bob.getByLabel("Password", { exact: true }).fill(FIRST);
  await bob.getByRole("button", { name: "Join" }).click();
  await bob.waitForURL(/\/settings\/profile/);
  await bob.getByText("A second factor is asked of everybody in your company.").waitFor();
  await axe(bob, "the page of who is asked for a second factor");
  await enrol(bob, FIRST);
  await bob.getByText("A second factor is asked of everybody in your company.").waitFor({ state: "detached" });
  await bob.goto("/");
  await bob.waitForURL(/\/b\/northwind/);
  calm(bob, "being asked for a second factor");

  const elsewhere = await openSignedIn(browser);
  await elsewhere.goto("/settings/profile");
  await elsewhere.locator('[data-testid="second-factor-state"][data-state="off"]').waitFor();
  assert.equal(await elsewhere.getByText("A second factor is asked of everybody").count(), 0);

  // Other files sign in as this owner with the password alone.
  await owner.goto("/admin/users");
  await owner.getByRole("switch").click();
  await owner.locator('[role="switch"][aria-checked="false"]').waitFor();
  await owner.goto("/settings/profile");
  await owner.getByRole("button", { name: "Turn off" }).click();
  const question = owner.getByRole("dialog");
  await question.getByLabel("Current password").fill("pulsepoint-demo");
  await question.getByRole("textbox", { name: "Code" }).fill(codes[0]);
  await question.getByRole("button", { name: "Turn off" }).click();
  await owner.locator('[data-testid="second-factor-state"][data-state="off"]').waitFor();
  calm(owner, "the rule");
  for (const page of [owner, bob, elsewhere]) await page.context().close();
});
