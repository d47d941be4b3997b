/** What a person has chosen for this browser: theme and single-key shortcuts. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const listeners = new Set<() => void>();

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  write("pp.theme", theme === "system" ? null : theme);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => {
    const theme = document.documentElement.dataset.theme;
    return theme === "light" || theme === "dark" ? theme : "system";
  });
}

/** Changes with whatever makes colours different; canvases draw again on it. */
export function useColours(): string {
  return useSyncExternalStore(
    subscribe,
    () =>
      document.documentElement.dataset.theme ??
      (window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"),
  );
}

export function singleKeys(): boolean {
  return read("pp.keys") !== "off";
}

export function setSingleKeys(on: boolean): void {
  write("pp.keys", on ? null : "off");
}

export function useSingleKeys(): boolean {
  return useSyncExternalStore(subscribe, singleKeys);
}

export function lastBrand(): string | null {
  return read("pp.brand");
}

export function rememberBrand(slug: string): void {
  if (read("pp.brand") !== slug) write("pp.brand", slug);
}
