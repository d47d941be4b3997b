import { Table2 } from "lucide-react";
import { useMemo, useState } from "react";
import { save } from "../../api/client";
import type { Dashboard } from "../../api/types";
import { TimeChart } from "../../charts/TimeChart";
import { csvOf } from "../../format/csv";
import { timeLabel } from "../../format/date";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CardMenu } from "./CardMenu";
import { mainBuckets, mainLines, summaryOf } from "./lines";

export function soFarOf(data: Dashboard): string {
  const until = data.window.partial_until;
  return until ? t.dashboard.soFar(timeLabel(until, data.window.timezone)) : t.dashboard.running.toLowerCase();
}

export function fileName(data: Dashboard, card: string): string {
  return `${data.brand.slug}-${card}-${data.window.start}-${data.window.end}.csv`;
}

export function saveCsv(name: string, text: string): void {
  save(new Blob([text], { type: "text/csv;charset=utf-8" }), name);
}

export function MainChart({ data, metric }: { data: Dashboard; metric: string }) {
  const [asTable, setAsTable] = useState(false);
  const kpi = data.kpis.find((one) => one.id === metric) ?? data.kpis[0];
  const buckets = useMemo(() => mainBuckets(data), [data]);
  const { lines, strip } = useMemo(() => mainLines(data, kpi?.id ?? ""), [data, kpi?.id]);
  if (!kpi) return null;
  const title = lines.length > 1 ? lines.map((line) => line.label).join(" and ") : kpi.label;

  function csv(): void {
    const all = strip ? [...lines, strip] : lines;
    const compared = all.filter((line) => line.previous);
    const header = ["date", ...all.map((line) => line.id), ...compared.map((line) => `${line.id}_previous`)];
    const rows = buckets.map((bucket, at) => [
      bucket.t,
      ...all.map((line) => line.values[at]),
      ...compared.map((line) => line.previous?.[at]),
    ]);
    saveCsv(fileName(data, kpi?.id ?? "chart"), csvOf(header, rows));
  }

  return (
    <Card
      title={title}
      actions={
        <>
          <IconButton
            label={t.dashboard.asTable}
            aria-pressed={asTable}
            className="aria-pressed:bg-accent-soft aria-pressed:text-accent-strong"
            onClick={() => setAsTable(!asTable)}
          >
            <Table2 className="size-4" aria-hidden="true" />
          </IconButton>
          <CardMenu title={title} asTable={asTable} onTable={setAsTable} onCsv={csv} />
        </>
      }
    >
      <TimeChart
        key={`${data.window.start}:${data.window.end}:${data.grain}`}
        id="main"
        title={title}
        summary={summaryOf(data, kpi)}
        buckets={buckets}
        lines={lines}
        strip={strip}
        soFar={soFarOf(data)}
        asTable={asTable}
      />
    </Card>
  );
}
