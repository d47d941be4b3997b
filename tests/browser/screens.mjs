// How a screen is looked at: in every state, light and dark, at a desk and on a phone.
import { it } from "node:test";
import { axe, calm, fits, openSignedIn } from "./support.mjs";

export const WIDTHS = [1280, 375];
export const json = (status, body) => ({ status, contentType: "application/json", body: JSON.stringify(body) });
const broken = { title: "Internal error", status: 500, detail: "Something broke.", code: "internal", request_id: "req-1" };
const FAILED = [/status of 500/];

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
export async function inspect(page, width, what, within) {
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

/** A test a screen: where it is, what stands there when it is ready, and which request to bend for which state. */
export function screensAt(width, screens, browser) {
  for (const screen of screens) {
    it(screen.name, async () => {
      const page = await openSignedIn(browser(), { width });
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
}
