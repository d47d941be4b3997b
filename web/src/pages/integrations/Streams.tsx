import type { Integration, Stream } from "../../api/integrations";
import { dayLabel, instantLabel } from "../../format/date";
import { formatFigure, MISSING } from "../../format/number";
import { integrations } from "../../messages/integrations";
import { Card } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Progress } from "../../ui/Progress";
import { STREAM_LOOKS, soFar, streamShare } from "./looks";

export function Streams({ one }: { one: Integration }) {
  return (
    <Card title={integrations.streams} lead={integrations.streamsLead} className="overflow-hidden">
      <DataTable
        id="streams"
        label={integrations.streams}
        columns={COLUMNS}
        rows={one.streams}
        rowId={(stream) => stream.name}
      />
    </Card>
  );
}

function State({ stream }: { stream: Stream }) {
  const { icon: Icon, colour, spins } = STREAM_LOOKS[stream.state];
  return (
    <span
      data-testid={`stream-${stream.name}`}
      data-state={stream.state}
      className={cx("inline-flex items-center gap-1.5 font-medium", colour)}
    >
      <Icon className={cx("size-4", spins && "animate-spin")} aria-hidden="true" />
      {integrations.streamStates[stream.state]}
    </span>
  );
}

function Share({ stream }: { stream: Stream }) {
  const share = streamShare(stream);
  if (stream.state !== "backfilling") return <>{share === 1 ? integrations.percent(1) : MISSING}</>;
  return (
    <span className="inline-flex items-center justify-end gap-2">
      <span className="w-20">
        <Progress label={integrations.streamProgress(stream.label)} share={share} />
      </span>
      <span className="min-w-9">{soFar(stream)}</span>
    </span>
  );
}

const COLUMNS: Column<Stream>[] = [
  {
    id: "stream",
    header: integrations.stream,
    left: true,
    cell: (stream) => <span className="block max-w-full truncate font-medium">{stream.label}</span>,
  },
  { id: "state", header: integrations.state, left: true, cell: (stream) => <State stream={stream} /> },
  { id: "progress", header: integrations.firstSync, cell: (stream) => <Share stream={stream} /> },
  {
    id: "rows",
    header: integrations.rows,
    sort: (stream) => stream.rows,
    cell: (stream) => formatFigure(stream.rows, { unit: "count" }),
  },
  {
    id: "oldest",
    header: integrations.oldest,
    sort: (stream) => stream.oldest,
    cell: (stream) => <span className="text-ink-mute">{stream.oldest ? dayLabel(stream.oldest) : MISSING}</span>,
  },
  {
    id: "through",
    header: integrations.through,
    cell: (stream) => <span className="text-ink-mute">{stream.cursor ? instantLabel(stream.cursor) : MISSING}</span>,
  },
  {
    id: "error",
    header: integrations.lastError,
    left: true,
    cell: (stream) =>
      stream.last_error ? (
        <span className="block max-w-80 min-w-48 text-xs whitespace-normal text-danger">{stream.last_error}</span>
      ) : (
        <span className="text-ink-mute">{MISSING}</span>
      ),
  },
];
