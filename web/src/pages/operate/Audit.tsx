/** The audit log: filtered by its address, read page by page, taken along as a file. */
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleSlash, Download } from "lucide-react";
import { useState } from "react";
import { useMay } from "../../api/access";
import { download } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { auditQuery } from "../../api/records";
import type { AuditChain, AuditEntry } from "../../api/types";
import { ageLabel, dayLabel, longInstantLabel } from "../../format/date";
import { formatFigure } from "../../format/number";
import { audit } from "../../messages/operate";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CommandLine } from "../../ui/CommandLine";
import { CopyButton } from "../../ui/CopyButton";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Page } from "../../ui/Page";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { AuditDrawer } from "./AuditDrawer";
import { AuditFilters } from "./AuditFilters";
import { whatHappened, whoDid } from "./entry";
import { type AuditSearch, auditParams } from "./search";

const route = getRouteApi("/shell/admin/audit");

export function Audit() {
  const me = useQuery(meQuery).data;
  const allowed = useMay("operate");
  const search = route.useSearch();
  const slug = me?.tenant.slug ?? "";
  const file = useMutation({
    mutationFn: () => {
      const query = new URLSearchParams({ ...auditParams(search), format: "csv" });
      return download(`/api/audit?${query}`, audit.file(slug));
    },
    onError: (error) => toast(asProblem(error).message, "bad"),
  });
  return (
    <Page
      title={audit.title}
      lead={audit.lead}
      wide
      actions={
        allowed && (
          <Button disabled={file.isPending} onClick={() => file.mutate()}>
            <Download className="size-4" aria-hidden="true" />
            {audit.csv}
          </Button>
        )
      }
    >
      {me && !allowed && (
        <div className="card">
          <Forbidden need="operate" />
        </div>
      )}
      {allowed && <Log search={search} slug={slug} />}
    </Page>
  );
}

function Log({ search, slug }: { search: AuditSearch; slug: string }) {
  const navigate = route.useNavigate();
  const log = useInfiniteQuery(auditQuery(auditParams(search)));
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const pages = log.data?.pages ?? [];
  const entries = pages.flatMap((page) => page.entries);
  const chain = pages[0]?.chain;
  const filtered = Object.values(search).some(Boolean);
  const narrow = (change: AuditSearch) => void navigate({ search: (before) => ({ ...before, ...change }) });
  const clear = () => void navigate({ search: {} });
  return (
    <>
      <AuditFilters search={search} entries={entries} onChange={narrow} onClear={filtered ? clear : undefined} />
      <div className="card overflow-hidden pt-1" aria-busy={log.isPlaceholderData || undefined}>
        {log.isPending && <LoadingRows rows={8} />}
        {log.isError && <Failed problem={asProblem(log.error)} onRetry={() => void log.refetch()} />}
        {log.isSuccess && entries.length === 0 && log.hasNextPage && (
          <Empty title={audit.notYet}>
            <Button disabled={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              {audit.more}
            </Button>
          </Empty>
        )}
        {log.isSuccess && entries.length === 0 && !log.hasNextPage && (
          <Empty title={filtered ? audit.noMatch : audit.none}>
            {filtered ? <Button onClick={clear}>{audit.clear}</Button> : audit.noneText}
          </Empty>
        )}
        {!log.isError && entries.length > 0 && (
          <div className={cx(log.isPlaceholderData && "opacity-60")}>
            <DataTable
              id="audit"
              label={audit.title}
              columns={columns(setShown)}
              rows={entries}
              rowId={(entry) => String(entry.seq)}
            />
            <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line px-4 py-2.5 text-xs text-ink-mute sm:px-5">
              <span role="status">
                {audit.shown(entries.length)}
                {!log.hasNextPage && `. ${audit.all}`}
              </span>
              {log.hasNextPage && (
                <Button disabled={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
                  {audit.more}
                </Button>
              )}
            </div>
          </div>
        )}
      </div>
      {chain && <Chain chain={chain} slug={slug} />}
      <AuditDrawer
        entry={shown}
        onClose={() => setShown(null)}
        onNarrow={(change) => {
          setShown(null);
          narrow(change);
        }}
      />
    </>
  );
}

/** Whether the log can be believed, and how to find out without this page. */
function Chain({ chain, slug }: { chain: AuditChain; slug: string }) {
  return (
    <Card title={audit.chain} testId="audit-chain">
      <div className="flex max-w-[80ch] flex-col gap-2 px-4 pb-4 text-sm text-ink-soft sm:px-5">
        <p>{audit.chainOf(formatFigure(chain.entries, { unit: "count" }))}</p>
        {chain.hot_since && <p>{audit.since(dayLabel(chain.hot_since.slice(0, 10)))}</p>}
        <p className="flex min-w-0 items-center gap-1 text-xs text-ink-mute">
          <span className="shrink-0">{audit.head}</span>
          <code title={chain.head} className="truncate font-mono">
            {chain.head}
          </code>
          <CopyButton text={chain.head} label={audit.copyHead} />
        </p>
        {chain.verified_at && <p>{audit.verified(ageLabel(chain.verified_at, Date.now()))}</p>}
        <p>{audit.check}</p>
        <CommandLine command={`pulsepoint audit verify --tenant ${slug}`} label={audit.check} />
      </div>
    </Card>
  );
}

const LOOKS = {
  done: { icon: CircleCheck, colour: "text-ink-mute" },
  denied: { icon: CircleSlash, colour: "text-warn" },
  failed: { icon: CircleAlert, colour: "text-danger" },
} as const;

export function Result({ result }: { result: AuditEntry["result"] }) {
  const { icon: Icon, colour } = LOOKS[result];
  return (
    <span className={cx("flex items-center gap-1.5", colour)} data-state={result}>
      <Icon className="size-4" aria-hidden="true" />
      {audit.results[result]}
    </span>
  );
}

function columns(onOpen: (entry: AuditEntry) => void): Column<AuditEntry>[] {
  return [
    {
      id: "what",
      header: audit.what,
      left: true,
      cell: (entry) => {
        const what = whatHappened(entry.kind);
        return (
          <>
            <button
              type="button"
              aria-haspopup="dialog"
              aria-label={audit.open(what, longInstantLabel(entry.at, true))}
              onClick={() => onOpen(entry)}
              className="tap block max-w-full min-w-0 truncate rounded text-left font-medium hover:underline"
            >
              {what}
            </button>
            <span className="block text-xs text-ink-mute sm:hidden">{longInstantLabel(entry.at, true)}</span>
          </>
        );
      },
    },
    {
      id: "who",
      header: audit.who,
      left: true,
      cell: (entry) => (
        <span className={cx("block max-w-56 truncate", !entry.actor.name && "text-ink-mute")}>
          {whoDid(entry.actor)}
        </span>
      ),
    },
    { id: "result", header: audit.result, left: true, cell: (entry) => <Result result={entry.result} /> },
    {
      id: "address",
      header: audit.address,
      left: true,
      cell: (entry) => <span className="font-mono text-xs text-ink-soft">{entry.ip ?? "–"}</span>,
    },
    {
      id: "when",
      header: audit.when,
      cell: (entry) => <span className="text-ink-mute">{longInstantLabel(entry.at, true)}</span>,
    },
  ];
}
