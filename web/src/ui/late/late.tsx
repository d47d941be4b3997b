/**
 * Windows that open on a press cost most of the library's weight and none of the first paint. Until one is wanted its
 * button stands alone; pointing at it or focusing it fetches the code, pressing it opens the real thing.
 */
import { cloneElement, type FunctionComponent, lazy, type ReactElement, Suspense, useEffect, useState } from "react";
import type { LateTriggerProps } from "../Menu";

/** How the real thing is to begin: open, and with its first command chosen if a key asked for it. */
export interface Wanted {
  byKey: boolean;
}

interface Late<P> {
  load: () => Promise<unknown>;
  Component: FunctionComponent<P & Wanted>;
}

export function late<P>(load: () => Promise<{ default: FunctionComponent<P & Wanted> }>): Late<P> {
  return { load, Component: lazy(load) as unknown as Late<P>["Component"] };
}

export function useLate<P extends object>(
  { load, Component }: Late<P>,
  props: P,
  trigger: ReactElement<LateTriggerProps>,
  kind: "menu" | "dialog",
  wantedNow = false,
  onWanted?: () => void,
): ReactElement {
  const [wanted, setWanted] = useState<Wanted | null>(null);
  useEffect(() => {
    if (wantedNow) setWanted((before) => before ?? { byKey: false });
  }, [wantedNow]);
  const waiting = cloneElement(trigger, {
    "aria-haspopup": kind,
    "aria-expanded": false,
    onClick: (event) => {
      setWanted({ byKey: event.detail === 0 });
      onWanted?.();
    },
    onPointerEnter: () => void load(),
    onFocus: () => void load(),
  });
  if (!wanted) return waiting;
  return (
    <Suspense fallback={waiting}>
      <Component {...props} {...wanted} />
    </Suspense>
  );
}
