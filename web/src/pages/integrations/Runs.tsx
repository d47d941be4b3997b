import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CirclePause, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { type Run, runsQuery } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { instantLabel } from "../../format/date";
import { formatBytes, formatDuration, formatFigure, MISSING } from "../../format/number";
import { integrations } from "../../messages/integrations";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Empty, Failed, LoadingRows } from "../../ui/States";

/** So many are shown before somebody asks for all. */
const FIRST = 10;

export function Runs({ id }: { id: string }) {
  const query = useQuery(runsQuery(id));
  const me = useQuery(meQuery).data?.user.id;
  const [whole, setWhole] = useState(false);
  const runs = query.data ?? [];
  return (
    <Card title={integrations.runs} lead={integrations.runsLead} className="overflow-hidden">
      {query.isPending && <LoadingRows rows={3} />}
      {query.isError && <Failed problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {query.isSuccess && runs.length === 0 && <Empty title={integrations.runsNone}>{integrations.runsNoneText}</Empty>}
      {runs.length > 0 && (
        <DataTable
          id="runs"
          label={integrations.runs}
          columns={columns(me)}
          rows={whole ? runs : runs.slice(0, FIRST)}
          rowId={(run) => String(run.id)}
        />
      )}
      {!whole && runs.length > FIRST && (
        <div className="flex justify-end border-t border-line px-4 py-2.5 sm:px-5">
          <Button onClick={() => setWhole(true)}>{integrations.more}</Button>
        </div>
      )}
    </Card>
  );
}

const LOOKS = {
  running: { icon: LoaderCircle, colour: "text-accent" },
  done: { icon: CircleCheck, colour: "text-good" },
  failed: { icon: CircleAlert, colour: "text-danger" },
  stopped: { icon: CirclePause, colour: "text-ink-mute" },
} as const;

function Result({ run }: { run: Run }) {
  const { icon: Icon, colour } = LOOKS[run.state];
  return (
    <span className="block">
      <span className={cx("inline-flex items-center gap-1.5 font-medium", colour)} data-state={run.state}>
        <Icon className={cx("size-4", run.state === "running" && "animate-spin")} aria-hidden="true" />
        {integrations.results[run.state]}
      </span>
      {run.error && <span className="block max-w-72 min-w-44 text-xs whitespace-normal text-danger">{run.error}</span>}
    </span>
  );
}

const tookMs = (run: Run) =>
  run.ended_at ? new Date(run.ended_at).getTime() - new Date(run.started_at).getTime() : null;

const rowFigure = (
  id: "rows_landed" | "rows_unchanged" | "rows_rejected" | "requests",
  header: string,
): Column<Run> => ({
  id,
  header,
  sort: (run) => run[id],
  cell: (run) => formatFigure(run[id], { unit: "count" }),
});

/** Who asked for a run: the clock, the platform, oneself, somebody else. */
function asker(by: string, me: string | undefined): string {
  const [kind = "", id] = by.split(":");
  return integrations.askers[id !== undefined && id === me ? "you" : kind] ?? by;
}

const columns = (me: string | undefined): Column<Run>[] => [
  {
    id: "started",
    header: integrations.started,
    left: true,
    sort: (run) => run.started_at,
    cell: (run) => (
      <span className="block">
        <span className="block truncate font-medium">{instantLabel(run.started_at)}</span>
        <span className="block truncate text-xs text-ink-mute">{asker(run.asked_by, me)}</span>
      </span>
    ),
  },
  { id: "result", header: integrations.result, left: true, cell: (run) => <Result run={run} /> },
  rowFigure("rows_landed", integrations.landed),
  rowFigure("rows_unchanged", integrations.unchanged),
  rowFigure("rows_rejected", integrations.rejected),
  rowFigure("requests", integrations.requests),
  {
    id: "bytes",
    header: integrations.bytes,
    sort: (run) => run.bytes,
    cell: (run) => formatBytes(run.bytes),
  },
  {
    id: "waited",
    header: integrations.waits,
    sort: (run) => run.waited_ms,
    cell: (run) => (run.waited_ms > 0 ? formatDuration(run.waited_ms) : MISSING),
  },
  {
    id: "took",
    header: integrations.took,
    sort: tookMs,
    cell: (run) => {
      const took = tookMs(run);
      return <span className="text-ink-mute">{took === null ? MISSING : formatDuration(took)}</span>;
    },
  },
];
