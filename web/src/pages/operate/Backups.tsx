/** Backups: made by themselves and by hand, tested, and how to come back from one. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, DatabaseBackup } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useMay } from "../../api/access";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, queryClient } from "../../api/queries";
import { backupsQuery } from "../../api/records";
import type { Archive, Backups as List } from "../../api/types";
import { ageLabel, instantLabel, longInstantLabel } from "../../format/date";
import { formatBytes } from "../../format/number";
import { backups } from "../../messages/operate";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton } from "../../ui/CopyButton";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Fact, Facts } from "../../ui/Fact";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { HowToRestore } from "./HowToRestore";

export function Backups() {
  const me = useQuery(meQuery).data;
  const allowed = useMay("operate");
  const query = useQuery({ ...backupsQuery, enabled: allowed });
  const make = useMutation({
    mutationFn: () => body(api.POST("/api/backups")),
    onSuccess: (list) => {
      queryClient.setQueryData(backupsQuery.queryKey, list);
      toast(backups.begun);
    },
    onError: (error) => {
      toast(asProblem(error).message, "bad");
      // Somebody else's may be under way.
      void query.refetch();
    },
  });
  const { data } = query;
  useWord(data);
  const busy = make.isPending || data?.running;
  return (
    <Page
      title={backups.title}
      lead={backups.lead}
      actions={
        allowed && (
          <Button look="primary" disabled={busy} onClick={() => make.mutate()}>
            <DatabaseBackup className="size-4" aria-hidden="true" />
            {backups.make}
          </Button>
        )
      }
    >
      {me && !allowed && (
        <div className="card">
          <Forbidden need="operate" />
        </div>
      )}
      {allowed && query.isPending && (
        <div className="card">
          <LoadingRows />
        </div>
      )}
      {query.isError && (
        <div className="card">
          <Failed problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
        </div>
      )}
      {data && !query.isError && (
        <>
          <Worries list={data} />
          <Figures list={data} />
          <Archives list={data} slug={me?.tenant.slug ?? ""} />
        </>
      )}
    </Page>
  );
}

/** Says so once when a backup that was running is there. */
function useWord(list: List | undefined): void {
  const ran = useRef(false);
  useEffect(() => {
    if (!list) return;
    if (ran.current && !list.running && !list.last_failure) toast(backups.made);
    ran.current = list.running;
  }, [list]);
}

/** What the server says of a failure is a part of a sentence at times. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

/** What somebody has to do something about, the worst first. */
function Worries({ list }: { list: List }) {
  const newest = list.backups[0];
  const tested = lastTested(list);
  return (
    <>
      {list.last_failure && (
        <Notice tone="danger" title={backups.failed} testId="backup-failed">
          <p className="break-words">{sentence(list.last_failure)}</p>
        </Notice>
      )}
      {tested?.verify_failure && (
        <Notice tone="danger" title={backups.unsound} testId="backup-unsound">
          <p className="break-words">{sentence(tested.verify_failure)}</p>
          <p>{backups.unsoundText}</p>
        </Notice>
      )}
      {list.log?.failure && (
        <Notice tone="danger" title={backups.logStopped} testId="log-stopped">
          <p className="break-words">{sentence(list.log.failure)}</p>
          {list.log.failing_since && <p>{backups.logStoppedText(longInstantLabel(list.log.failing_since))}</p>}
        </Notice>
      )}
      {list.log?.gap_from && (
        <Notice tone="warn" title={backups.logGap} testId="log-gap">
          <p className="break-words">{gapText(list.log.gap_from, list.log)}</p>
        </Notice>
      )}
      {list.overdue && newest && (
        <Notice tone="warn" title={backups.overdue} testId="backup-overdue">
          <p>{backups.overdueText(longInstantLabel(newest.at))}</p>
        </Notice>
      )}
      {list.identity_on_machine && (
        <Notice tone="warn" title={backups.keyHere} testId="backup-key-here">
          <p>{backups.keyHereText}</p>
        </Notice>
      )}
    </>
  );
}

function Figures({ list }: { list: List }) {
  const newest = list.backups[0];
  const { schedule } = list;
  const test = testOf(list);
  return (
    <Facts four>
      <Fact name={backups.newest} value={newest ? instantLabel(newest.at) : backups.never}>
        {newest && `${ageLabel(newest.at, Date.now())} · ${formatBytes(newest.bytes)}`}
      </Fact>
      <Fact name={backups.test} value={backups.tests[test.verdict]} bad={test.verdict === "unsound"}>
        {test.text}
      </Fact>
      <LogFact log={list.log ?? null} />
      <Fact name={backups.schedule} value={schedule ? backups.daily(hourLabel(schedule.hour)) : backups.off}>
        {schedule ? backups.keeps(schedule.keep_daily, schedule.keep_weekly, schedule.keep_monthly) : backups.offText}
      </Fact>
    </Facts>
  );
}

type Log = NonNullable<List["log"]>;

const gapText = (from: string, log: Log) =>
  backups.logGapText(
    longInstantLabel(from),
    log.first_snapshot_at ? longInstantLabel(log.first_snapshot_at) : null,
    log.began_because ?? null,
  );

/** How far the copying of every commit has come. */
function LogFact({ log }: { log: Log | null }) {
  if (!log)
    return (
      <Fact name={backups.log} value={backups.logOff}>
        {backups.logOffText}
      </Fact>
    );
  const size = log.waiting_bytes > 0 && formatBytes(log.waiting_bytes);
  const lines = [
    log.waiting_since && backups.logWaiting(log.waiting_commits, ageLabel(log.waiting_since, Date.now()), size),
    log.until && backups.logNewest(ageLabel(log.until, Date.now())),
    log.first_snapshot_at ? backups.logSince(instantLabel(log.first_snapshot_at)) : backups.logSoon,
  ];
  return (
    <Fact name={backups.log} value={logWord(log)} bad={Boolean(log.failure)}>
      {lines.filter(Boolean).map((line) => (
        <span key={line} className="block">
          {line}
        </span>
      ))}
    </Fact>
  );
}

function logWord(log: Log): string {
  if (log.failure) return backups.logFailing;
  if (log.waiting_commits > 0) return backups.logBehind;
  return log.until ? backups.logCurrent : backups.logNone;
}

const lastTested = (list: List) => list.backups.find((archive) => archive.verified_at);

function testOf(list: List): { verdict: keyof typeof backups.tests; text: string } {
  const tested = lastTested(list);
  if (tested?.verified_at) {
    const age = ageLabel(tested.verified_at, Date.now());
    return tested.verify_failure
      ? { verdict: "unsound", text: age }
      : { verdict: "sound", text: backups.testedAt(age) };
  }
  if (list.sealed_for && !list.identity_on_machine) return { verdict: "elsewhere", text: backups.testElsewhere };
  return { verdict: "none", text: list.schedule ? backups.testNone : backups.testByHand };
}

/** An hour of day in UTC as a time of the person's own clock. */
function hourLabel(hour: number): string {
  const at = new Date();
  at.setUTCHours(hour, 0, 0, 0);
  return new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", timeZoneName: "short" }).format(at);
}

function Archives({ list, slug }: { list: List; slug: string }) {
  const [restoring, setRestoring] = useState<Archive | null>(null);
  return (
    <Card
      title={backups.archives}
      lead={list.sealed_for ? <SealedFor recipient={list.sealed_for} /> : backups.sealedNone}
      className="overflow-hidden"
    >
      {list.running && (
        <div className="px-4 pb-3 text-sm sm:px-5" data-testid="backup-running" role="status">
          <p className="pb-1.5">{backups.running}</p>
          <div className="busy-line h-1.5 rounded-full bg-sunken" />
        </div>
      )}
      {list.backups.length === 0 && !list.running && <Empty title={backups.none}>{backups.noneText}</Empty>}
      {list.backups.length > 0 && (
        <DataTable
          id="backups"
          label={backups.archives}
          columns={columns(setRestoring)}
          rows={list.backups}
          rowId={(archive) => archive.id}
        />
      )}
      <HowToRestore archive={restoring} slug={slug} onClose={() => setRestoring(null)} />
    </Card>
  );
}

function SealedFor({ recipient }: { recipient: string }) {
  return (
    <span className="flex items-center gap-1">
      <span className="shrink-0">{backups.sealed}</span>
      <code title={recipient} className="min-w-0 truncate font-mono">
        {recipient}
      </code>
      <CopyButton text={recipient} label={backups.copyKey} />
    </span>
  );
}

function Test({ archive }: { archive: Archive }) {
  if (!archive.verified_at) return <span className="text-ink-mute">–</span>;
  const bad = archive.verify_failure;
  const Icon = bad ? CircleAlert : CircleCheck;
  return (
    <span
      title={bad ?? longInstantLabel(archive.verified_at)}
      className={cx("flex items-center gap-1.5", bad ? "text-danger" : "text-good")}
    >
      <Icon className="size-4" aria-hidden="true" />
      {backups.tests[bad ? "unsound" : "sound"]}
    </span>
  );
}

function columns(onRestore: (archive: Archive) => void): Column<Archive>[] {
  return [
    {
      id: "when",
      header: backups.when,
      left: true,
      sort: (archive) => archive.at,
      cell: (archive) => (
        <span className="block whitespace-normal sm:whitespace-nowrap">
          <span className="block font-medium">{longInstantLabel(archive.at)}</span>
          <span className="block text-xs text-ink-mute">{ageLabel(archive.at, Date.now())}</span>
        </span>
      ),
    },
    {
      id: "test",
      header: backups.test,
      left: true,
      cell: (archive) => <Test archive={archive} />,
    },
    {
      id: "size",
      header: backups.size,
      sort: (archive) => archive.bytes,
      cell: (archive) => formatBytes(archive.bytes),
    },
    {
      id: "actions",
      header: backups.restore,
      hidden: true,
      cell: (archive) => (
        <Button
          look="ghost"
          aria-label={backups.restoreOf(longInstantLabel(archive.at))}
          onClick={() => onRestore(archive)}
        >
          {backups.restore}
        </Button>
      ),
    },
  ];
}
