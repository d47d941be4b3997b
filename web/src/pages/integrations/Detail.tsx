/** One connection in full: how it is, what can be done, stream by stream, run by run, and what could not be understood. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ellipsis, ExternalLink, KeyRound, Pause, PlugZap, RotateCcw, Unplug } from "lucide-react";
import { useState } from "react";
import { useMay } from "../../api/access";
import { type Integration, reads, signInAt, test } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import { ageLabel, dayLabel, instantLabel } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { Button, IconButton } from "../../ui/Button";
import { Fact } from "../../ui/Fact";
import { Menu } from "../../ui/Menu";
import { Notice } from "../../ui/Notice";
import { toast } from "../../ui/toast";
import { Disconnect } from "./Disconnect";
import { nameOf } from "./looks";
import { FirstSync, StateWord, untilLabel, useNow } from "./Parts";
import { Rejects } from "./Rejects";
import { Resync } from "./Resync";
import { Runs } from "./Runs";
import { MainStep, Trouble } from "./SourceCard";
import { Streams } from "./Streams";
import { TestResult } from "./TestResult";
import { useSteps } from "./useSteps";

type Window = "resync" | "disconnect" | null;

export function Detail({ one, brand }: { one: Integration; brand: string }) {
  const may = useMay("connect");
  const name = nameOf(one);
  const [open, setOpen] = useState<Window>(null);
  const tried = useMutation({
    mutationFn: () => test(one.id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["integrations"] }),
  });
  return (
    <>
      <section
        aria-label={integrations.state}
        data-testid={`conn-${one.id}`}
        data-state={one.state}
        data-source={one.source}
        className="card flex flex-col gap-3 px-4 py-3.5 text-sm sm:px-5"
      >
        <div className="flex flex-wrap items-center justify-between gap-2">
          <StateWord state={one.state} />
          {may && <Actions one={one} brand={brand} onOpen={setOpen} onTest={() => tried.mutate()} />}
        </div>
        {one.state === "connecting" && <p className="text-ink-soft">{integrations.connecting}</p>}
        {one.state === "backfilling" && <FirstSync one={one} name={name} />}
        <Trouble one={one} />
      </section>
      {tried.isPending && (
        <p role="status" className="px-1 text-sm text-ink-mute">
          {integrations.testing}
        </p>
      )}
      {tried.data && !tried.isPending && <TestResult outcome={tried.data} />}
      {tried.isError && (
        <Notice tone="danger" title={integrations.failedTest} testId="test-failed">
          <p className="break-words">{asProblem(tried.error).message}</p>
        </Notice>
      )}
      <Figures one={one} />
      <Streams one={one} />
      {may && (
        <>
          <Runs id={one.id} />
          <Rejects one={one} />
          <Resync one={one} open={open === "resync"} onClose={() => setOpen(null)} />
          <Disconnect one={one} brand={brand} open={open === "disconnect"} onClose={() => setOpen(null)} />
        </>
      )}
    </>
  );
}

const ICON = "size-4 text-ink-mute";

function Actions({
  one,
  brand,
  onOpen,
  onTest,
}: {
  one: Integration;
  brand: string;
  onOpen: (window: Window) => void;
  onTest: () => void;
}) {
  const navigate = useNavigate();
  const steps = useSteps(one);
  const name = nameOf(one);
  const replace = () =>
    void navigate({
      to: "/b/$brand/integrations",
      params: { brand },
      search: { id: one.id, connect: one.source },
    });
  return (
    <div className="-my-1 -mr-2 flex flex-wrap items-center gap-2">
      {one.state !== "paused" && (
        <Button look="ghost" disabled={steps.busy} onClick={() => steps.take("pause")}>
          <Pause className="size-4" aria-hidden="true" />
          {integrations.pause}
        </Button>
      )}
      <MainStep one={one} brand={brand} name={name} steps={steps} />
      <Menu
        trigger={
          <IconButton label={integrations.actions(name)}>
            <Ellipsis className="size-4" aria-hidden="true" />
          </IconButton>
        }
        items={[
          {
            id: "test",
            icon: <PlugZap className={ICON} aria-hidden="true" />,
            label: integrations.test,
            run: onTest,
          },
          ...(one.source === "shopify"
            ? [
                {
                  id: "allow",
                  icon: <ExternalLink className={ICON} aria-hidden="true" />,
                  label: integrations.allow(integrations.sources[one.source]),
                  run: () =>
                    void signInAt(one.source, one.id).then(
                      (location) => window.location.assign(location),
                      (error: unknown) => toast(asProblem(error).message, "bad"),
                    ),
                },
              ]
            : []),
          {
            id: "resync",
            icon: <RotateCcw className={ICON} aria-hidden="true" />,
            label: integrations.resync,
            run: () => onOpen("resync"),
          },
          {
            id: "replace",
            icon: <KeyRound className={ICON} aria-hidden="true" />,
            label: integrations.replace,
            run: replace,
          },
          {
            id: "disconnect",
            apart: true,
            icon: <Unplug className={ICON} aria-hidden="true" />,
            label: integrations.disconnect,
            run: () => onOpen("disconnect"),
          },
        ]}
      />
    </div>
  );
}

/** When it was read, how far it reaches, what is left of the quota, and until when the version is served. */
function Figures({ one }: { one: Integration }) {
  const now = useNow();
  const still = one.state === "paused" || one.state === "needs_sign_in";
  const ends = one.expires_on ? (new Date(one.expires_on).getTime() - now) / 86_400_000 : null;
  const expiry = !one.expires_on
    ? integrations.noExpiry
    : ends !== null && ends <= 0
      ? integrations.expired(dayLabel(one.expires_on))
      : ends !== null && ends < 60
        ? integrations.expiresSoon(dayLabel(one.expires_on))
        : integrations.expires(dayLabel(one.expires_on));
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Fact name={integrations.through} value={one.data_through ? ageLabel(one.data_through, now) : integrations.never}>
        {one.data_through && instantLabel(one.data_through)}
      </Fact>
      <Fact
        name={integrations.lastSync}
        value={reads(one) ? integrations.now : one.synced_at ? ageLabel(one.synced_at, now) : integrations.never}
      >
        {!still && one.next_at && `${integrations.next}: ${untilLabel(one.next_at, now)}`}
      </Fact>
      <Fact
        name={integrations.quota}
        value={one.quota ? integrations.left(one.quota.left_percent) : "–"}
        bad={one.quota != null && one.quota.left_percent < 5}
      >
        {one.quota?.text ?? integrations.quotaNone}
      </Fact>
      <Fact name={integrations.version} value={one.api_version ?? "–"} bad={ends !== null && ends < 60}>
        {expiry}
      </Fact>
    </dl>
  );
}
