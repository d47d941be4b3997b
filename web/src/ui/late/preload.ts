/** Fetches the code of menus, popovers and dialogs before anybody presses one. */
export function preloadWindows(): void {
  for (const load of [() => import("./MenuPopup"), () => import("./PopoverPopup"), () => import("./DialogPopup")]) {
    // A failure shows when the window is wanted; now it would only be noise.
    load().catch(() => undefined);
  }
}
