/** Keys that work everywhere. Single letters never act inside fields and can be switched off (WCAG 2.1.4). */
import { useEffect, useRef } from "react";
import { singleKeys } from "../ui/preferences";

type Action = () => unknown;
const actions = new Map<string, Action>();

/** Offers single keys (`t`, `ArrowLeft`) while the calling component is on the page. */
export function useKeys(keys: [name: string, action: Action][]): void {
  const latest = useRef(keys);
  latest.current = keys;
  const names = keys.map(([name]) => name).join(" ");
  useEffect(() => {
    const mine = names.split(" ").map((name) => {
      const action = () => latest.current.find(([one]) => one === name)?.[1]();
      actions.set(name, action);
      return [name, action] as const;
    });
    return () => {
      for (const [name, action] of mine) if (actions.get(name) === action) actions.delete(name);
    };
  }, [names]);
}

const GO_WINDOW_MS = 1200;

function busy(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest("input, textarea, select, [contenteditable], [role=menu], [role=dialog], [role=application]") !==
    null
  );
}

/** Listens for the whole page; `go` is told the letter after `g`. */
export function useGlobalKeys(handlers: { palette: Action; help: Action; go: (letter: string) => void }): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    let going = 0;
    function onKeyDown(event: KeyboardEvent): void {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.palette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (busy(event.target) || !singleKeys()) return;
      if (going > 0 && event.timeStamp - going < GO_WINDOW_MS) {
        going = 0;
        latest.current.go(event.key);
      } else if (event.key === "g") going = event.timeStamp;
      else if (event.key === "?") latest.current.help();
      else if (event.key === "/") latest.current.palette();
      else {
        const action = event.shiftKey ? undefined : actions.get(event.key);
        if (!action) return;
        action();
      }
      event.preventDefault();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
