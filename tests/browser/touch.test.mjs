// Fingers: what can be pressed is large enough on a phone, and fields do not make it zoom.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { BRAND, calm, DEMO, openBrowser, openPage, openSignedIn } from "./support.mjs";

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

/** Every visible thing to press, with its smaller side; a label counts with its field, links inside text do not. */
function targets() {
  const found = [];
  for (const element of document.querySelectorAll("a[href], button, select, input, summary, [role=option]")) {
    const pressed = element.matches("input[type=radio], input[type=checkbox], input[type=file]") ? element.closest("label") : element;
    const box = (pressed ?? element).getBoundingClientRect();
    const style = getComputedStyle(element);
    if (box.width <= 1 || box.height <= 1 || style.visibility === "hidden" || element.closest("[aria-hidden=true]")) continue;
    if (element.matches("a") && element.closest("p")) continue;
    if (box.bottom < 0 || element.matches("a[href='#content']")) continue;
    const name = element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40) ?? element.tagName;
    found.push({ name: `${element.tagName} ${name}`, side: Math.min(box.width, box.height), font: Number.parseFloat(style.fontSize), field: element.matches("input:not([type=radio]):not([type=checkbox]):not([type=file]), select") });
  }
  return found;
}

const SCREENS = [
  { path: "/login", ready: "form", signedIn: false },
  { path: `/b/${BRAND}`, ready: '[data-testid="table-products"]' },
  { path: `/b/${BRAND}/integrations`, ready: '[data-testid="conn-shopify"]' },
  { path: `/b/${BRAND}/integrations?connect=shopify`, ready: 'input[name="settings.shop"]' },
  { path: `/b/${BRAND}/import`, ready: '[data-testid="dropzone"]' },
  { path: "/admin/users", ready: '[data-testid="table-people"]' },
  { path: "/admin/tenants", ready: '[data-testid="company"]' },
  { path: "/admin/backups", ready: "main dl" },
  { path: "/admin/audit", ready: '[data-testid="table-audit"]' },
  { path: "/settings/brand", ready: 'input[name="name"]' },
  { path: "/settings/appearance", ready: '[role="switch"]' },
];

for (const { path, ready, signedIn = true } of SCREENS) {
  it(path, async () => {
    const options = { width: 375, touch: true, base: DEMO };
    const page = await (signedIn ? openSignedIn : openPage)(browser, options);
    await page.goto(path);
    await page.locator(ready).first().waitFor();
    await page.waitForTimeout(200);
    const all = await page.evaluate(targets);
    assert.ok(all.length > 2);
    const tiny = all.filter((one) => one.side < 24);
    assert.deepEqual(tiny, [], "below 24 px");
    const small = all.filter((one) => one.side < 44);
    assert.ok(small.length <= all.length * 0.05, `${small.length} of ${all.length} below 44 px: ${JSON.stringify(small.slice(0, 12))}`);
    assert.deepEqual(all.filter((one) => one.field && one.font < 16), [], "fields that make a phone zoom");
    calm(page, path);
    await page.context().close();
  });
}
