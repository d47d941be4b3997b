/** `GET /api/stream`: one connection that says which brand has new figures, so that pages redraw by themselves. */
import { authorisedFetch } from "./client";
import { queryClient } from "./queries";
import type { Dashboard } from "./types";

/** Splits a stream of text into server-sent events and hands each on as (event, data). */
export function eventReader(emit: (event: string, data: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    rest += text;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length > 0) emit(event, data.join("\n"));
    }
  };
}

/** The newest data version told for each brand, by the brand's id. */
const told = new Map<string, number>();

/** Whether an answer of this version is behind what has been told meanwhile. */
export function isBehind(brand: string, version: number): boolean {
  return version < (told.get(brand) ?? 0);
}

let soon: ReturnType<typeof setTimeout> | undefined;

/** Brands one of whose connections has come to rest: their figures may reach further now. */
const rested = new Set<string>();

/** Asks anew how connections stand; words come thick and fast while one is read, so those of a moment count as one. */
function lookAtConnections(): void {
  if (soon) return;
  soon = setTimeout(() => {
    soon = undefined;
    const brands = new Set(rested);
    rested.clear();
    void queryClient.invalidateQueries({ queryKey: ["integrations"] }, { cancelRefetch: false });
    void queryClient.invalidateQueries(
      {
        queryKey: ["dashboard"],
        predicate: ({ state }) => brands.has((state.data as Partial<Dashboard> | undefined)?.brand?.id ?? ""),
      },
      { cancelRefetch: false },
    );
  }, 400);
}

/** Fetches anew what a landing has changed: figures of the brand that are older than it, and lists beside them. */
function redraw(event: string, data: string): void {
  if (event === "sync") {
    const { brand, stream } = JSON.parse(data) as { brand: string; stream: string | null };
    if (stream === null) rested.add(brand);
    lookAtConnections();
  }
  if (event !== "data") return;
  const { brand, version } = JSON.parse(data) as { brand: string; version: number };
  const before = told.get(brand);
  told.set(brand, version);
  void queryClient.invalidateQueries({
    queryKey: ["dashboard"],
    predicate: ({ state }) => {
      const shown = state.data as Partial<Dashboard> | undefined;
      return (
        shown?.freshness !== undefined && (shown.brand?.id ?? brand) === brand && shown.freshness.version < version
      );
    },
  });
  // The first word about a brand only says where things stand.
  if (before === undefined || before === version) return;
  void queryClient.invalidateQueries({ queryKey: ["brands"] });
  void queryClient.invalidateQueries({ queryKey: ["imports"] });
}

async function listen(signal: AbortSignal, onOpen: () => void): Promise<void> {
  const url = new URL("/api/stream", window.location.origin);
  const response = await authorisedFetch(new Request(url, { signal, headers: { Accept: "text/event-stream" } }));
  if (!response.ok || !response.body) throw new Error(`stream: ${response.status}`);
  onOpen();
  const read = eventReader(redraw);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    read(value);
  }
}

/** Keeps the stream open until the returned function is called; comes back after a break with growing pauses. */
export function openStream(): () => void {
  const abort = new AbortController();
  void (async () => {
    let pause = 1000;
    let again = false;
    while (!abort.signal.aborted) {
      try {
        // Every stream begins with where things stand, so nothing that landed in between is missed.
        await listen(abort.signal, () => {
          pause = 1000;
          // How connections stand is told as they move alone.
          if (again) lookAtConnections();
          again = true;
        });
      } catch {
        // A break is normal: the machine slept, the server restarted, the network changed.
      }
      if (abort.signal.aborted) return;
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, 30_000);
    }
  })();
  return () => abort.abort();
}
