import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { typedQuery } from "../../api/figures";
import { asProblem } from "../../api/problem";
import type { CohortGrid, QueryAnswer, QueryFilter } from "../../api/types";
import type { ChartBucket, ChartLine } from "../../charts/model";
import { StackedBars } from "../../charts/StackedBars";
import { csvOf } from "../../format/csv";
import { bucketLabel, bucketTitle } from "../../format/date";
import { formatFigure } from "../../format/number";
import { customers as text } from "../../messages/customers";
import { t } from "../../messages/en";
import { Card } from "../../ui/Card";
import { Failed, LoadingRows } from "../../ui/States";
import { CardMenu } from "../dashboard/CardMenu";
import { saveCsv } from "../dashboard/MainChart";
import { parseFilter } from "../dashboard/search";

/** New and returning customers over the grid's time. */
export function Fresh({ data, filters }: { data: CohortGrid; filters: string[] | undefined }) {
  const [asTable, setAsTable] = useState(false);
  const query = useQuery(
    typedQuery(data.brand.slug, {
      metrics: ["new_customers", "returning_customers"],
      grain: data.grain,
      time: { start: data.window.start, end: data.window.end },
      filters: filters?.map(parseFilter) as QueryFilter[] | undefined,
    }),
  );
  const answer = query.data;
  const buckets = useMemo(() => (answer ? bucketsOf(answer, data.grain) : []), [answer, data.grain]);
  const lines = useMemo(() => (answer ? linesOf(answer) : []), [answer]);
  function csv(): void {
    if (answer) saveCsv(`${data.brand.slug}-customers.csv`, csvOf(answer.columns, answer.rows as string[][]));
  }
  const count = (at: number) => formatFigure(answer?.totals[at] as number | null, { unit: "count" });
  return (
    <Card
      title={text.fresh}
      actions={<CardMenu title={text.fresh} asTable={asTable} onTable={setAsTable} onCsv={csv} />}
    >
      {answer && (
        <StackedBars
          id="fresh"
          title={text.fresh}
          summary={`${t.dashboard.newCustomers} ${count(1)}, ${t.dashboard.returningCustomers.toLowerCase()} ${count(2)}.`}
          buckets={buckets}
          lines={lines}
          soFar={text.soFar}
          asTable={asTable}
        />
      )}
      {!answer && query.error && <Failed problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {!answer && !query.error && <LoadingRows />}
    </Card>
  );
}

function bucketsOf(answer: QueryAnswer, grain: CohortGrid["grain"]): ChartBucket[] {
  return answer.rows.map((row) => {
    const at = String(row[0]);
    return {
      t: at,
      label: bucketLabel(at, grain),
      title: bucketTitle(at, grain),
      partial: at === answer.partial_bucket,
    };
  });
}

function linesOf(answer: QueryAnswer): ChartLine[] {
  const style = { unit: "count" as const };
  const values = (at: number) => answer.rows.map((row) => row[at] as number | null);
  return [
    { id: "new_customers", label: t.dashboard.newCustomers, style, colour: "series-1", values: values(1) },
    { id: "returning_customers", label: t.dashboard.returningCustomers, style, colour: "series-4", values: values(2) },
  ];
}
