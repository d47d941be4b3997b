/** Short messages that nobody has to answer. */
import { useSyncExternalStore } from "react";

export interface Message {
  id: number;
  text: string;
  tone: "plain" | "bad";
}

let messages: Message[] = [];
let next = 1;
const listeners = new Set<() => void>();

function change(to: Message[]): void {
  messages = to;
  for (const listener of listeners) listener();
}

export function toast(text: string, tone: Message["tone"] = "plain"): void {
  const id = next++;
  change([...messages.filter((one) => one.text !== text), { id, text, tone }]);
  setTimeout(() => dismiss(id), tone === "bad" ? 12_000 : 6000);
}

export function dismiss(id: number): void {
  change(messages.filter((one) => one.id !== id));
}

export function useToasts(): Message[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => messages,
  );
}
