/**
 * Windows that open on a press cost most of the library's weight and none of the first paint. Until one is wanted its
 * button stands alone; pointing at it or focusing it fetches the code, pressing it opens the real thing.
 */
import { cloneElement, type FunctionComponent, lazy, type ReactElement, Suspense, useEffect, useState } from "react";
import type { LateTriggerProps } from "../Menu";

interface Late<P> {
  load: () => Promise<unknown>;
  Component: FunctionComponent<P & { defaultOpen: boolean }>;
}

export function late<P>(load: () => Promise<{ default: FunctionComponent<P & { defaultOpen: boolean }> }>): Late<P> {
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
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    if (wantedNow) setWanted(true);
  }, [wantedNow]);
  const waiting = cloneElement(trigger, {
    "aria-haspopup": kind,
    "aria-expanded": false,
    onClick: () => {
      setWanted(true);
      onWanted?.();
    },
    onPointerEnter: () => void load(),
    onFocus: () => void load(),
  });
  if (!wanted) return waiting;
  return (
    <Suspense fallback={waiting}>
      <Component {...props} defaultOpen />
    </Suspense>
  );
}
