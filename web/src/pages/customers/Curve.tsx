import { useMemo, useState } from "react";
import type { CohortGrid } from "../../api/types";
import type { ChartBucket, ChartLine } from "../../charts/model";
import { TimeChart } from "../../charts/TimeChart";
import { csvOf } from "../../format/csv";
import { formatFigure } from "../../format/number";
import { customers as text } from "../../messages/customers";
import { Card } from "../../ui/Card";
import { Fact } from "../../ui/Fact";
import { CardMenu } from "../dashboard/CardMenu";
import { saveCsv } from "../dashboard/MainChart";

/** What a customer has brought in by age, against what one costs to win. */
export function Curve({ data }: { data: CohortGrid }) {
  const [asTable, setAsTable] = useState(false);
  const cells = useMemo(() => data.totals.cells.filter((cell) => cell.of_customers > 0), [data]);
  const age = text.age[data.grain];
  const buckets = useMemo<ChartBucket[]>(
    () => cells.map((cell) => ({ t: String(cell.age), label: String(cell.age), title: age(cell.age), partial: false })),
    [cells, age],
  );
  const lines = useMemo<ChartLine[]>(() => {
    const style = { unit: "money" as const, currency: data.currency };
    const ltv = {
      id: "ltv",
      label: text.measures.ltv,
      style,
      colour: "series-1",
      values: cells.map((cell) => cell.ltv),
    };
    const { cac } = data.totals;
    if (!cac || Number(cac) === 0) return [ltv];
    return [ltv, { id: "cac", label: text.cac, style, colour: "series-2", values: cells.map(() => cac) }];
  }, [cells, data]);
  const last = cells.at(-1);
  const { state, periods } = data.totals.payback;
  const money = (value: string | null | undefined) =>
    formatFigure(value, { unit: "money", currency: data.currency, compact: true });
  function csv(): void {
    const rows = cells.map((cell) => [cell.age, cell.of_customers, cell.ltv, data.totals.cac]);
    saveCsv(`${data.brand.slug}-ltv.csv`, csvOf(["age", "customers", "ltv", "cac"], rows));
  }
  return (
    <Card
      title={text.curve}
      lead={text.allTitle}
      actions={<CardMenu title={text.curve} asTable={asTable} onTable={setAsTable} onCsv={csv} />}
    >
      <dl className="px-4 pb-3 sm:px-5" data-testid="payback">
        <Fact name={text.paybackFact} value={periods ? text.paybackIn[data.grain](periods) : text.paybackStates[state]}>
          {text.paybackWhy[state]}
        </Fact>
      </dl>
      {last ? (
        <TimeChart
          key={`${data.grain}:${data.basis}:${cells.length}`}
          id="ltv"
          title={text.curve}
          summary={text.curveSummary(money(last.ltv), age(last.age), lines.length > 1 ? money(data.totals.cac) : null)}
          buckets={buckets}
          lines={lines}
          soFar={text.soFar}
          asTable={asTable}
        />
      ) : (
        <p className="px-5 pt-2 pb-6 text-sm text-ink-mute">{text.noCurve}</p>
      )}
    </Card>
  );
}
