import { type ReactNode, useEffect, useState } from "react";
import type { Integration, SourceName } from "../../api/integrations";
import { instantLabel } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { cx } from "../../ui/cx";
import { Progress } from "../../ui/Progress";
import { LOOKS, MARKS, rowsOf, type ShownState, shareOf } from "./looks";

export function Mark({ source }: { source: SourceName }) {
  const Icon = MARKS[source];
  return (
    <span className="flex size-9 shrink-0 items-center justify-center rounded-lg bg-sunken text-ink-soft">
      <Icon className="size-5" aria-hidden="true" />
    </span>
  );
}

export function StateWord({ state }: { state: ShownState }) {
  const { icon: Icon, colour, spins } = LOOKS[state];
  return (
    <span className={cx("inline-flex shrink-0 items-center gap-1.5 text-xs font-medium", colour)}>
      <Icon className={cx("size-4", spins && "animate-spin")} aria-hidden="true" />
      {integrations.states[state]}
    </span>
  );
}

/** The first sync of a whole integration: how far, how much, how far back. */
export function FirstSync({ one, name }: { one: Integration; name: string }) {
  const share = shareOf(one.streams);
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-baseline justify-between gap-3 text-sm">
        <span className="min-w-0 text-pretty text-ink-soft">{integrations.soFar(rowsOf(one.streams))}</span>
        {share !== null && <span className="font-semibold">{integrations.percent(share)}</span>}
      </div>
      <Progress label={integrations.progress(name)} share={share} testId={`sync-${one.id}`} />
      {one.error && <p className="text-xs break-words text-warn">{one.error}</p>}
    </div>
  );
}

/** A few facts in a row inside a card. */
export function Row({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-3 gap-3">{children}</dl>;
}

export function Item({ name, children, note }: { name: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-ink-mute">{name}</dt>
      <dd className="mt-0.5 text-sm font-medium text-pretty">{children}</dd>
      {note && <dd className="text-xs text-ink-mute">{note}</dd>}
    </div>
  );
}

/** The time now, told anew each half minute, so that ages stay true. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** `in 12 minutes`; what is past is due. */
export function untilLabel(instant: string, now: number): string {
  const minutes = (new Date(instant).getTime() - now) / 60_000;
  if (minutes <= 0) return integrations.due;
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  return minutes < 90 ? relative.format(Math.ceil(minutes), "minute") : instantLabel(instant);
}
