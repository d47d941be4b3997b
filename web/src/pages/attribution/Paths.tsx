/** The ways that led to orders, those of most orders first. */
import { ChevronRight } from "lucide-react";
import type { Journeys } from "../../api/types";
import { formatFigure, toNumber } from "../../format/number";
import { attribution as m } from "../../messages/attribution";
import { count } from "../../messages/en";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { nameOf } from "./names";

type Row = Journeys["paths"][number];

export function Paths({ data }: { data: Journeys }) {
  const { currency } = data.brand;
  const columns: Column<Row>[] = [
    {
      id: "path",
      header: m.path,
      left: true,
      cell: (row) => (
        <ol className="flex min-w-0 flex-wrap items-center gap-x-1 gap-y-0.5">
          {row.channels.map((channel, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a channel may come twice, its place does not
            <li key={at} className="flex items-center gap-1">
              {at > 0 && <ChevronRight className="size-3 text-ink-mute" aria-hidden="true" />}
              {nameOf(channel)}
            </li>
          ))}
        </ol>
      ),
    },
    {
      id: "orders",
      header: m.orders,
      sort: (row) => row.orders,
      cell: (row) => formatFigure(row.orders, { unit: "count" }),
    },
    {
      id: "sales",
      header: m.sales,
      sort: (row) => toNumber(row.sales),
      cell: (row) => formatFigure(row.sales, { unit: "money", currency }),
    },
    {
      id: "touches",
      header: m.touches,
      sort: (row) => toNumber(row.touches),
      cell: (row) => formatFigure(row.touches, { unit: "ratio" }),
    },
    {
      id: "days",
      header: m.daysToConvert,
      sort: (row) => toNumber(row.days),
      cell: (row) => formatFigure(row.days, { unit: "days" }),
    },
  ];
  const rest = formatFigure(data.unattributed, { unit: "count" });
  return (
    <Card title={m.paths} lead={m.pathsLead(count(data.orders, "order", "orders"), rest)}>
      <DataTable
        id="paths"
        label={m.paths}
        columns={columns}
        rows={data.paths}
        rowId={(row) => JSON.stringify(row.channels)}
        initialSort={[{ id: "orders", desc: true }]}
      />
      {data.truncated && <p className="px-5 py-2.5 text-xs text-ink-mute">{m.more}</p>}
    </Card>
  );
}
