import { Link } from "@tanstack/react-router";
import { ChevronRight, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { useMay } from "../../api/access";
import { type Integration, reads, type SourceName } from "../../api/integrations";
import { ageLabel, instantLabel } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { Button, buttonClass } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { accountOf, isBlocked, nameOf, type ShownState } from "./looks";
import { FirstSync, Item, Mark, Row, StateWord, untilLabel, useNow } from "./Parts";
import { StreamLines } from "./StreamLines";
import { useSteps } from "./useSteps";

function Frame({
  id,
  source,
  state,
  account,
  children,
  actions,
}: {
  id: string;
  source: SourceName;
  state: ShownState;
  account?: string | null;
  children: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <section
      aria-labelledby={account ? `${id}-name ${id}-account` : `${id}-name`}
      data-testid={`conn-${id}`}
      data-state={state}
      data-source={source}
      className={cx("card flex flex-col", state === "needs_sign_in" && "border-danger")}
    >
      <header className="flex items-start gap-3 px-4 pt-4 sm:px-5">
        <Mark source={source} />
        <div className="min-w-0 flex-1">
          <h2 id={`${id}-name`} className="text-sm font-semibold">
            {integrations.sources[source]}
          </h2>
          {account && (
            <p id={`${id}-account`} title={account} className="truncate text-xs text-ink-mute">
              {account}
            </p>
          )}
        </div>
        <StateWord state={state} />
      </header>
      <div className="flex flex-1 flex-col gap-3 px-4 py-3.5 text-sm sm:px-5">{children}</div>
      {actions && (
        <footer className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-2.5 py-2 sm:px-3.5">
          {actions}
        </footer>
      )}
    </section>
  );
}

/** A source that this brand has not connected. */
export function OpenSource({
  source,
  about,
  brand,
  offline,
}: {
  source: SourceName;
  /** What it brings, once that is known. */
  about: string | undefined;
  brand: string;
  offline: boolean;
}) {
  const may = useMay("connect");
  return (
    <Frame
      id={source}
      source={source}
      state={offline ? "needs_internet" : "not_connected"}
      actions={
        may &&
        !offline && (
          <Link
            to="/b/$brand/integrations"
            params={{ brand }}
            search={{ connect: source }}
            aria-label={integrations.connectSource(integrations.sources[source])}
            className={buttonClass("outline", "ml-1")}
          >
            {integrations.connect}
          </Link>
        )
      }
    >
      {about && <p className="text-ink-soft">{about}</p>}
      {!may && !offline && <p className="text-ink-soft">{integrations.askConnect}</p>}
    </Frame>
  );
}

/** A source that is connected, with what matters in its state. */
export function SourceCard({ one, brand }: { one: Integration; brand: string }) {
  const may = useMay("connect");
  const name = nameOf(one);
  const steps = useSteps(one);
  return (
    <Frame
      id={one.id}
      source={one.source}
      state={one.state}
      account={accountOf(one)}
      actions={
        <>
          <Link
            to="/b/$brand/integrations"
            params={{ brand }}
            search={{ id: one.id }}
            aria-label={integrations.detailsOf(name)}
            className={buttonClass("ghost", "gap-1 px-2")}
          >
            {integrations.details}
            <ChevronRight className="size-4" aria-hidden="true" />
          </Link>
          {may && (
            <span className="flex flex-wrap gap-2">
              <MainStep one={one} brand={brand} name={name} steps={steps} />
            </span>
          )}
        </>
      }
    >
      <Telling one={one} name={name} />
    </Frame>
  );
}

/** The one thing that a person would do in this state. */
export function MainStep({
  one,
  brand,
  name,
  steps,
}: {
  one: Integration;
  brand: string;
  name: string;
  steps: ReturnType<typeof useSteps>;
}) {
  if (one.state === "needs_sign_in") {
    return (
      <Link
        to="/b/$brand/integrations"
        params={{ brand }}
        search={{ id: one.id, connect: one.source }}
        aria-label={integrations.reconnectOf(name)}
        className={buttonClass("primary")}
      >
        {integrations.reconnect}
      </Link>
    );
  }
  if (one.state === "paused") {
    return (
      <Button aria-label={integrations.resumeOf(name)} disabled={steps.busy} onClick={() => steps.take("resume")}>
        {integrations.resume}
      </Button>
    );
  }
  const busy = steps.busy || reads(one) || one.state === "connecting" || one.state === "backfilling";
  return (
    <>
      {isBlocked(one) && (
        <Link
          to="/b/$brand/integrations"
          params={{ brand }}
          search={{ id: one.id, connect: one.source }}
          aria-label={integrations.reconnectOf(name)}
          className={buttonClass()}
        >
          {integrations.reconnect}
        </Link>
      )}
      <Button aria-label={integrations.syncNowOf(name)} disabled={busy} onClick={() => steps.take("sync")}>
        <RefreshCw className={cx("size-4", reads(one) && "animate-spin")} aria-hidden="true" />
        {integrations.syncNow}
      </Button>
    </>
  );
}

/** What the state means here, in words and figures. */
function Telling({ one, name }: { one: Integration; name: string }) {
  if (one.state === "connecting") return <p className="text-ink-soft">{integrations.connecting}</p>;
  if (one.state === "backfilling") {
    return (
      <>
        <FirstSync one={one} name={name} />
        <StreamLines streams={one.streams} />
      </>
    );
  }
  return (
    <>
      <Trouble one={one} />
      <Times one={one} />
      <p className="text-xs text-ink-mute">
        {one.streams.map(({ label, rows }) => integrations.streamRows(label, rows)).join(" · ")}
      </p>
    </>
  );
}

/** Why it is not as it should be; nothing where it is. */
export function Trouble({ one }: { one: Integration }) {
  if (one.state === "paused") return <p className="text-ink-soft">{integrations.pausedText}</p>;
  if (one.state === "needs_sign_in") return <Reason bad title={integrations.signIn} text={one.error ?? null} />;
  if (one.state !== "degraded") return null;
  if (isBlocked(one)) return <Reason title={integrations.missing} text={one.error ?? null} />;
  const again = one.next_at && new Date(one.next_at).getTime() > Date.now() ? instantLabel(one.next_at) : null;
  return <Reason title={again ? integrations.limitedUntil(again) : integrations.lastTry} text={one.error ?? null} />;
}

function Reason({ title, text, bad }: { title: string; text: string | null; bad?: boolean }) {
  return (
    <div className={cx("rounded-lg px-3 py-2", bad ? "bg-danger-soft" : "bg-warn-soft")} data-testid="conn-reason">
      <p className="font-semibold break-words text-ink">{title}</p>
      {text && <p className="break-words text-ink-soft">{text}</p>}
    </div>
  );
}

function Times({ one }: { one: Integration }) {
  const now = useNow();
  const still = one.state === "paused" || one.state === "needs_sign_in";
  return (
    <Row>
      <Item name={integrations.lastSync}>
        {reads(one) ? integrations.now : one.synced_at ? ageLabel(one.synced_at, now) : integrations.never}
      </Item>
      <Item name={integrations.next}>{!still && one.next_at ? untilLabel(one.next_at, now) : "–"}</Item>
      <Item name={integrations.through} note={one.data_through && ageLabel(one.data_through, now)}>
        {one.data_through ? instantLabel(one.data_through) : integrations.never}
      </Item>
    </Row>
  );
}
