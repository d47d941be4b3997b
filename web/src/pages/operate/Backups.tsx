/** Backups: made by themselves and by hand, tested, and how to come back from one. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { DatabaseBackup } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useMay } from "../../api/access";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { backupsQuery, meQuery, queryClient } from "../../api/queries";
import type { Archive, Backups as List } from "../../api/types";
import { ageLabel, instantLabel, longInstantLabel } from "../../format/date";
import { formatBytes } from "../../format/number";
import { t } from "../../messages/en";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton } from "../../ui/CopyButton";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { HowToRestore } from "./HowToRestore";

export function Backups() {
  const me = useQuery(meQuery).data;
  const allowed = useMay("operate");
  const backups = useQuery({ ...backupsQuery, enabled: allowed });
  const make = useMutation({
    mutationFn: () => body(api.POST("/api/backups")),
    onSuccess: (list) => {
      queryClient.setQueryData(backupsQuery.queryKey, list);
      toast(t.backups.begun);
    },
    onError: (error) => {
      toast(asProblem(error).message, "bad");
      // Somebody else's may be under way.
      void backups.refetch();
    },
  });
  const { data } = backups;
  useWord(data);
  const busy = make.isPending || data?.running;
  return (
    <Page
      title={t.backups.title}
      lead={t.backups.lead}
      actions={
        allowed && (
          <Button look="primary" disabled={busy} onClick={() => make.mutate()}>
            <DatabaseBackup className="size-4" aria-hidden="true" />
            {t.backups.make}
          </Button>
        )
      }
    >
      {me && !allowed && (
        <div className="card">
          <Forbidden need="operate" />
        </div>
      )}
      {allowed && backups.isPending && (
        <div className="card">
          <LoadingRows />
        </div>
      )}
      {backups.isError && (
        <div className="card">
          <Failed problem={asProblem(backups.error)} onRetry={() => void backups.refetch()} />
        </div>
      )}
      {data && !backups.isError && (
        <>
          <Worries list={data} />
          <Facts list={data} />
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
    if (ran.current && !list.running && !list.last_failure) toast(t.backups.made);
    ran.current = list.running;
  }, [list]);
}

/** What somebody has to do something about, the worst first. */
function Worries({ list }: { list: List }) {
  const newest = list.backups[0];
  return (
    <>
      {list.last_failure && (
        <Notice tone="danger" title={t.backups.failed} testId="backup-failed">
          <p className="break-words">{list.last_failure}</p>
        </Notice>
      )}
      {list.verify_failure && (
        <Notice tone="danger" title={t.backups.unsound} testId="backup-unsound">
          <p className="break-words">{list.verify_failure}</p>
          <p>{t.backups.unsoundText}</p>
        </Notice>
      )}
      {list.overdue && newest && (
        <Notice tone="warn" title={t.backups.overdue} testId="backup-overdue">
          <p>{t.backups.overdueText(longInstantLabel(newest.at))}</p>
        </Notice>
      )}
      {list.identity_on_machine && (
        <Notice tone="warn" title={t.backups.keyHere} testId="backup-key-here">
          <p>{t.backups.keyHereText}</p>
        </Notice>
      )}
    </>
  );
}

function Facts({ list }: { list: List }) {
  const newest = list.backups[0];
  const { schedule } = list;
  const test = testOf(list);
  return (
    <dl className="grid gap-3 sm:grid-cols-3">
      <Fact name={t.backups.newest} value={newest ? instantLabel(newest.at) : t.backups.never}>
        {newest && formatBytes(newest.bytes)}
      </Fact>
      <Fact name={t.backups.test} value={t.backups.tests[test.verdict]} bad={test.verdict === "unsound"}>
        {test.text}
      </Fact>
      <Fact name={t.backups.schedule} value={schedule ? t.backups.daily(hourLabel(schedule.hour)) : t.backups.off}>
        {schedule
          ? t.backups.keeps(schedule.keep_daily, schedule.keep_weekly, schedule.keep_monthly)
          : t.backups.offText}
      </Fact>
    </dl>
  );
}

function testOf(list: List): { verdict: keyof typeof t.backups.tests; text: string } {
  if (list.verified_at) {
    const age = ageLabel(list.verified_at, Date.now());
    return list.verify_failure ? { verdict: "unsound", text: age } : { verdict: "sound", text: t.backups.testedAt(age) };
  }
  if (list.sealed_for && !list.identity_on_machine) return { verdict: "elsewhere", text: t.backups.testElsewhere };
  return { verdict: "none", text: t.backups.testNone };
}

/** An hour of day in UTC as a time of the person's own clock. */
function hourLabel(hour: number): string {
  const at = new Date();
  at.setUTCHours(hour, 0, 0, 0);
  return new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", timeZoneName: "short" }).format(at);
}

function Fact({ name, value, bad, children }: { name: string; value: string; bad?: boolean; children?: ReactNode }) {
  return (
    <div className="card px-4 py-3 sm:px-5">
      <dt className="text-xs font-medium text-ink-mute">{name}</dt>
      <dd className={cx("mt-1 text-base font-semibold", bad && "text-danger")}>{value}</dd>
      {children && <dd className="text-xs text-ink-mute">{children}</dd>}
    </div>
  );
}

function Archives({ list, slug }: { list: List; slug: string }) {
  const [restoring, setRestoring] = useState<Archive | null>(null);
  return (
    <Card
      title={t.backups.archives}
      lead={list.sealed_for ? <SealedFor recipient={list.sealed_for} /> : t.backups.sealedNone}
      className="overflow-hidden"
    >
      {list.running && (
        <div className="px-4 pb-3 text-sm sm:px-5" data-testid="backup-running" role="status">
          <p className="pb-1.5">{t.backups.running}</p>
          <div className="busy-line h-1.5 rounded-full bg-sunken" />
        </div>
      )}
      {list.backups.length === 0 && !list.running && <Empty title={t.backups.none}>{t.backups.noneText}</Empty>}
      {list.backups.length > 0 && (
        <DataTable
          id="backups"
          label={t.backups.archives}
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
      <span className="shrink-0">{t.backups.sealed}</span>
      <code title={recipient} className="min-w-0 truncate font-mono">
        {recipient}
      </code>
      <CopyButton text={recipient} label={t.backups.copyKey} />
    </span>
  );
}

function columns(onRestore: (archive: Archive) => void): Column<Archive>[] {
  return [
    {
      id: "when",
      header: t.backups.when,
      left: true,
      sort: (archive) => archive.at,
      cell: (archive) => <span className="font-medium">{longInstantLabel(archive.at)}</span>,
    },
    {
      id: "age",
      header: t.backups.age,
      left: true,
      cell: (archive) => <span className="text-ink-mute">{ageLabel(archive.at, Date.now())}</span>,
    },
    {
      id: "size",
      header: t.backups.size,
      sort: (archive) => archive.bytes,
      cell: (archive) => formatBytes(archive.bytes),
    },
    {
      id: "actions",
      header: t.backups.restore,
      hidden: true,
      cell: (archive) => (
        <Button
          look="ghost"
          aria-label={t.backups.restoreOf(longInstantLabel(archive.at))}
          onClick={() => onRestore(archive)}
        >
          {t.backups.restore}
        </Button>
      ),
    },
  ];
}
