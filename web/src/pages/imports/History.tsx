import { CircleAlert, CircleCheck, Clock, Download, LoaderCircle } from "lucide-react";
import { download } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { ImportFormat, ImportJob } from "../../api/types";
import { instantLabel } from "../../format/date";
import { formatBytes, formatFigure } from "../../format/number";
import { imports } from "../../messages/imports";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Progress } from "../../ui/Progress";
import { toast } from "../../ui/toast";

const LOOKS = {
  queued: { icon: Clock, colour: "text-ink-mute" },
  running: { icon: LoaderCircle, colour: "text-accent" },
  done: { icon: CircleCheck, colour: "text-good" },
  failed: { icon: CircleAlert, colour: "text-danger" },
  interrupted: { icon: CircleAlert, colour: "text-warn" },
} as const;

function State({ job }: { job: ImportJob }) {
  const state = (job.state in LOOKS ? job.state : "queued") as keyof typeof LOOKS;
  const look = LOOKS[state];
  const Icon = look.icon;
  return (
    <span
      className={cx("inline-flex items-center gap-1.5 font-medium", look.colour)}
      data-testid={`import-${job.id}`}
      data-state={job.state}
    >
      <Icon className={cx("size-4", state === "running" && "animate-spin")} aria-hidden="true" />
      {imports.states[state]}
    </span>
  );
}

function FileCell({ job, formats }: { job: ImportJob; formats: ImportFormat[] }) {
  const busy = job.state === "running" || job.state === "queued";
  const format = formats.find((one) => one.name === job.format)?.label ?? job.format;
  return (
    <span className="block max-w-full min-w-44">
      <span title={job.file_name} className="block truncate font-medium">
        {job.file_name}
      </span>
      <span className="block truncate text-xs text-ink-mute">
        {[format, formatBytes(job.bytes_total)].filter(Boolean).join(" · ")}
      </span>
      {busy && (
        <span className="mt-1.5 block">
          <Progress
            testId={`sync-${job.id}`}
            label={imports.progress(job.file_name)}
            share={job.bytes_total > 0 ? job.bytes_done / job.bytes_total : null}
          />
        </span>
      )}
      {(job.error || job.state === "interrupted") && (
        <span className="mt-1 block text-xs whitespace-normal text-danger">{job.error ?? imports.interruptedText}</span>
      )}
    </span>
  );
}

function Rejected({ job }: { job: ImportJob }) {
  const text = formatFigure(job.rows_rejected, { unit: "count" });
  if (!job.rows_rejected || !job.rejects_url) return <>{text}</>;
  const url = job.rejects_url;
  return (
    <button
      type="button"
      aria-label={imports.rejects(job.rows_rejected, job.file_name)}
      title={imports.rejects(job.rows_rejected, job.file_name)}
      onClick={() =>
        void download(url, `${job.file_name}.rejected.csv`).catch((error: unknown) =>
          toast(asProblem(error).message, "bad"),
        )
      }
      className="tap inline-flex items-center gap-1 rounded font-medium text-bad underline underline-offset-2"
    >
      {text}
      <Download className="size-3.5" aria-hidden="true" />
    </button>
  );
}

export function History({ jobs, formats }: { jobs: ImportJob[]; formats: ImportFormat[] }) {
  const figure = (id: "rows_read" | "rows_landed" | "rows_unchanged", header: string): Column<ImportJob> => ({
    id,
    header,
    cell: (job) => formatFigure(job[id], { unit: "count" }),
  });
  const columns: Column<ImportJob>[] = [
    { id: "file", header: imports.file, left: true, cell: (job) => <FileCell job={job} formats={formats} /> },
    { id: "state", header: imports.state, left: true, cell: (job) => <State job={job} /> },
    figure("rows_read", imports.read),
    figure("rows_landed", imports.landed),
    figure("rows_unchanged", imports.unchanged),
    { id: "rejected", header: imports.rejected, cell: (job) => <Rejected job={job} /> },
    {
      id: "when",
      header: imports.when,
      cell: (job) => <span className="text-ink-mute">{instantLabel(job.created_at)}</span>,
    },
  ];
  return <DataTable id="imports" label={imports.history} columns={columns} rows={jobs} rowId={(job) => job.id} />;
}
