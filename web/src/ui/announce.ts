/** The one polite live region of the page. */
let region: HTMLElement | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

export function setAnnouncer(element: HTMLElement | null): void {
  region = element;
}

/** Speaks `text` once things have been still for 150 ms, so that moving along a chart does not stammer. */
export function announce(text: string): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (region) region.textContent = text;
  }, 150);
}
