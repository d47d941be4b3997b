// The page's part of single sign-on: the button, and what it makes of the word that the provider's way back ends with. What the
// server does with a provider stands in tests/it/oidc.rs; here its answer to "is it on" is played.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { axe, BRAND, calm, openBrowser, openPage, OWNER } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

async function withProvider(options) {
  const page = await openPage(browser, options);
  const body = JSON.stringify({ enabled: true, name: "Juniper ID" });
  await page.route("**/api/auth/oidc", (route) => route.fulfill({ contentType: "application/json", body }));
  return page;
}

it("offers the provider by its name, and keeps where the person wanted to go", async () => {
  const page = await withProvider();
  // Where the server would send the browser to the provider, and the provider back.
  await page.route("**/api/auth/oidc/start", async (route) => {
    await page.context().request.post("/api/auth/login", { data: { email: OWNER, password: "pulsepoint-demo" } });
    await route.fulfill({ status: 303, headers: { location: "/login#sso=done" } });
  });
  await page.goto("/settings/appearance");
  await page.waitForURL(/\/login/);
  const button = page.getByRole("link", { name: "Sign in with Juniper ID" });
  await button.waitFor();
  await axe(page, "the sign-in page with a provider");
  await button.click();
  await page.waitForURL(/\/settings\/appearance$/);
  await page.reload();
  await page.getByRole("button", { name: /Account/ }).waitFor();
  calm(page, "coming back from the provider");
  await page.context().close();
});

it("says how it ended, and shows the word once", async () => {
  // "done" without a cookie: the refresh is refused.
  const page = await withProvider({ allow: [/status of 401/] });
  for (const [word, text] of [
    ["unknown", "nobody here has that e-mail"],
    ["expired", "begun in another browser"],
    ["refused", "The sign-in did not work."],
    ["closed", "This company is closed"],
    ["down", "cannot be reached"],
    ["wait", "Too many attempts."],
  ]) {
    await page.goto("about:blank");
    await page.goto(`/login#sso=${word}`);
    await page.getByRole("alert").getByText(text).waitFor();
    assert.equal(new URL(page.url()).hash, "", word);
  }
  for (const word of ["%3Cimg%20src%3Dx%3E", "constructor", "done", ""]) {
    await page.goto("about:blank");
    await page.goto(`/login#sso=${word}`);
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    assert.equal(await page.locator('[role="alert"]').textContent(), "", word);
  }
  calm(page, "the words");
  await page.context().close();
});

it("asks for the code where the provider did not", async () => {
  const page = await withProvider({ allow: [/status of 40[14]/] });
  const sent = [];
  await page.route("**/api/auth/oidc/code", async (route) => {
    sent.push(route.request().postDataJSON());
    const problem = { status: 401, code: sent.length === 1 ? "wrong_totp" : "sign_in_expired", title: "", detail: "" };
    await route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify(problem) });
  });
  await page.goto("/login#sso=code");
  const code = page.locator('input[name="code"]');
  await code.fill("000000");
  await page.keyboard.press("Enter");
  await page.getByText("That code is not right, or was used already.").waitFor();
  await code.fill("111111");
  await page.keyboard.press("Enter");
  await page.getByText("begun in another browser").waitFor();
  await page.getByLabel("E-mail").waitFor();
  assert.deepEqual(sent, [{ totp: "000000" }, { totp: "111111" }]);
  calm(page, `the code, then back to ${BRAND}'s sign-in`);
  await page.context().close();
});
