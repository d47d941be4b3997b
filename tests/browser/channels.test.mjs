// Channel rules on the brand's settings page: tried, added, moved and saved by keyboard, refused with a reason, and given back.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { axe, calm, fits, OWNER, openBrowser, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

async function open(options = {}) {
  const page = await openSignedIn(browser, { email: OWNER, ...options });
  await page.goto("/settings/brand");
  await page.getByTestId("rules").getByRole("listitem").nth(10).waitFor();
  return page;
}

const rules = (page) => page.getByTestId("rules").getByRole("listitem");

async function tried(page, address, before = "") {
  await page.getByLabel("Landing address").fill(address);
  await page.getByLabel("Page before, if any").fill(before);
  await page.getByRole("button", { name: "Try", exact: true }).click();
  return page.getByTestId("tried");
}

it("says which rule an address falls under, by the server's own code", async () => {
  const page = await open({ allow: [/status of 422/] });
  const ads = "https://shop.example/?utm_source=Facebook&utm_medium=paid_social&utm_campaign=Launch&fbclid=1";
  await (await tried(page, ads, "https://l.facebook.com/")).getByText("Meta").waitFor();
  const number = Number(/by rule (\d+)/.exec(await page.getByTestId("tried").textContent())[1]);
  const row = rules(page).nth(number - 1);
  assert.match(await row.textContent(), /fbclid/);
  assert.equal(await row.getAttribute("data-decided"), "true");
  for (const word of ["facebook", "paid_social", "Launch", "l.facebook.com"]) {
    await page.getByTestId("tried").getByText(word, { exact: true }).waitFor();
  }
  await (await tried(page, "shop.example/")).getByText("nothing tells where it came from").waitFor();
  await (await tried(page, "shop.example/?utm_source=podcast")).getByText("no rule fits").waitFor();
  await tried(page, "javascript:alert(1)");
  await page.getByText("This is no address").waitFor();
  assert.equal(await page.getByTestId("tried").textContent(), "");
  calm(page, "trying addresses");
});

it("adds a rule, moves it by keyboard, tries it unsaved, saves it, and goes back to the usual ones", async () => {
  const page = await open();
  const usual = await rules(page).count();
  const save = page.getByRole("button", { name: "Save" }).last();
  assert.ok(await save.isDisabled(), "nothing to save yet");
  await page.getByRole("button", { name: "Add a rule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Channel").fill("Radio & TV");
  await dialog.getByRole("button", { name: "Apply" }).click();
  await dialog.getByLabel("Channel").and(page.locator("[aria-invalid]")).waitFor();
  await dialog.getByLabel("Channel").fill("Audio");
  await dialog.getByRole("button", { name: "Apply" }).click();
  await dialog.getByText("A rule needs at least one condition.").waitFor();
  await dialog.getByLabel("Source").fill("Podcast*\nspotify");
  await axe(page, "a rule in its window");
  await dialog.getByRole("button", { name: "Apply" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.match(await rules(page).first().textContent(), /podcast\*\s*spotify[\s\S]*audio/i);
  assert.equal(await rules(page).count(), usual + 1);
  // The focus goes with what is moved.
  await page.getByRole("button", { name: "Move rule 1 down" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Move rule 3 down");
  assert.match(await rules(page).nth(2).textContent(), /podcast/);
  await (await tried(page, "shop.example/?utm_source=podcast-7")).getByText("by rule 3").waitFor();
  await page.getByText("Not saved yet.").waitFor();
  await save.click();
  await page.getByText("This brand has rules of its own.").waitFor();
  await page.reload();
  await page.getByText("This brand has rules of its own.").waitFor();
  assert.match(await rules(page).nth(2).textContent(), /podcast/);
  // What is thrown away before it is saved was never there.
  await page.getByRole("button", { name: "Remove rule 3", exact: true }).click();
  assert.equal(await rules(page).count(), usual);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Remove rule 3");
  await page.getByRole("button", { name: "Discard changes" }).click();
  assert.equal(await rules(page).count(), usual + 1);
  await page.getByRole("button", { name: "Back to the usual rules" }).click();
  await dialog.getByRole("button", { name: "Back to the usual rules" }).click();
  await page.getByText("These are the usual rules.").waitFor();
  assert.equal(await rules(page).count(), usual);
  calm(page, "editing rules");
});

it("shows what the server refuses where it is", async () => {
  const page = await open({ allow: [/status of 422/] });
  await page.getByRole("button", { name: "Edit rule 2", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Campaign").fill("x".repeat(101));
  await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
  await page.getByRole("button", { name: "Save" }).last().click();
  await rules(page)
    .nth(1)
    .getByText(/A pattern has 1 to 100 characters/)
    .waitFor();
  await page.getByRole("button", { name: "Discard changes" }).click();
  calm(page, "a refused rule");
});

for (const theme of ["light", "dark"]) {
  for (const width of [1280, 375]) {
    it(`is accessible and within its width, ${theme}, ${width} px`, async () => {
      const page = await open({ theme, width, touch: width < 600 });
      await (await tried(page, "shop.example/?gclid=1")).getByText("Google").waitFor();
      await axe(page, `channel rules, ${theme}, ${width}`);
      await fits(page, `channel rules, ${theme}, ${width}`);
      if (width < 600) {
        await page.getByRole("button", { name: "Rule 2: more" }).click();
        await page.getByRole("menuitem", { name: "Move up" }).click();
        await page.getByText("Not saved yet.").waitFor();
        await page.getByRole("button", { name: "Rule 1: more" }).click();
        await page.getByRole("menuitem", { name: "Edit the rule" }).click();
        await page.getByRole("dialog").getByLabel("Channel").waitFor();
        await axe(page, `a rule in its window, ${theme}, ${width}`);
        await fits(page, `a rule in its window, ${theme}, ${width}`);
      }
      calm(page, `channel rules, ${theme}, ${width}`);
    });
  }
}
