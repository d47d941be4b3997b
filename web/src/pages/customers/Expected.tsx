import { useQuery } from "@tanstack/react-query";
import { Check, X } from "lucide-react";
import { forecastQuery } from "../../api/figures";
import { asProblem } from "../../api/problem";
import type { Forecast } from "../../api/types";
import { csvOf } from "../../format/csv";
import { dayLabel } from "../../format/date";
import { formatFigure, toNumber } from "../../format/number";
import { customers as text } from "../../messages/customers";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { Fact } from "../../ui/Fact";
import { Notice } from "../../ui/Notice";
import { Failed, LoadingRows } from "../../ui/States";
import { CardMenu } from "../dashboard/CardMenu";
import { saveCsv } from "../dashboard/MainChart";

type Prediction = NonNullable<Forecast["prediction"]>;
type Cohort = Prediction["cohorts"][number];

/** What may be expected of the customers there are, with the tests of the prediction; or why nothing is said. */
export function Expected({ brand }: { brand: string }) {
  const query = useQuery(forecastQuery(brand));
  const { data } = query;
  const prediction = data?.prediction;
  return (
    <Card
      title={text.forecast}
      lead={data && text.forecastLead(dayLabel(data.as_of))}
      testId="forecast"
      actions={data && prediction && <CardMenu title={text.forecast} onCsv={() => download(data, prediction)} />}
    >
      {!data && query.error && <Failed problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {!data && !query.error && <LoadingRows />}
      {data && (
        <div className="flex flex-col gap-4 px-4 pb-4 sm:px-5">
          {data.refusal && (
            <Notice tone="warn" title={text.refused} testId="forecast-refused">
              <p>{data.refusal.text}</p>
            </Notice>
          )}
          {prediction && <Figures data={data} prediction={prediction} />}
          <Checks data={data} />
        </div>
      )}
      {data && prediction && <Cohorts data={data} prediction={prediction} />}
    </Card>
  );
}

function Figures({ data, prediction }: { data: Forecast; prediction: Prediction }) {
  const money = (value: string | null | undefined) =>
    formatFigure(value, { unit: "money", currency: data.currency, compact: true });
  const orders = (value: string) => formatFigure(String(Math.round(Number(value))), { unit: "count" });
  const year = prediction.of_a_new_customer.at(-1);
  return (
    <dl className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4" data-testid="forecast-figures">
      {prediction.totals.map((one) => (
        <Fact
          key={one.days}
          name={text.within(one.days)}
          value={one.value ? money(one.value) : text.purchases(orders(one.orders))}
        >
          {one.value ? text.purchases(orders(one.orders)) : text.noValue}
        </Fact>
      ))}
      {prediction.clv_12_months && (
        <Fact name={text.clv} value={money(prediction.clv_12_months)}>
          {text.clvText}
        </Fact>
      )}
      {year && (
        <Fact
          name={text.newcomer}
          value={year.value ? money(year.value) : formatFigure(year.orders, { unit: "count" })}
        >
          {text.newcomerText(formatFigure(year.orders, { unit: "count" }), year.days)}
        </Fact>
      )}
    </dl>
  );
}

function Checks({ data }: { data: Forecast }) {
  return (
    <section aria-label={text.checks}>
      <h3 className="text-xs font-medium text-ink-mute">{text.checks}</h3>
      <ul className="mt-1.5 flex flex-col gap-1.5 text-sm text-ink-soft">
        {data.checks.map((check) => (
          <li key={check.code} className="flex items-start gap-2" data-testid={`check-${check.code}`}>
            {check.passed ? (
              <Check className="mt-0.5 size-4 shrink-0 text-good" aria-hidden="true" />
            ) : (
              <X className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden="true" />
            )}
            <span>
              <span className="sr-only">{check.passed ? text.passed : text.failed} </span>
              {check.text}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Cohorts({ data, prediction }: { data: Forecast; prediction: Prediction }) {
  const money = { unit: "money" as const, currency: data.currency };
  const columns: Column<Cohort>[] = [
    { id: "cohort", header: text.cohort, cell: (row) => row.cohort, sort: (row) => row.cohort, left: true },
    {
      id: "customers",
      header: text.of,
      cell: (row) => formatFigure(row.customers, { unit: "count" }),
      sort: (row) => row.customers,
    },
    {
      id: "alive",
      header: text.alive,
      title: text.aliveTitle,
      cell: (row) => formatFigure(row.alive, { unit: "percent" }),
      sort: (row) => toNumber(row.alive),
    },
  ];
  prediction.totals.forEach((total, at) => {
    columns.push({
      id: `orders-${total.days}`,
      header: text.expectedOrders(total.days),
      cell: (row) => formatFigure(row.expected[at]?.orders, { unit: "count" }),
      sort: (row) => toNumber(row.expected[at]?.orders),
    });
    if (!total.value) return;
    columns.push({
      id: `value-${total.days}`,
      header: text.expectedValue(total.days),
      cell: (row) => formatFigure(row.expected[at]?.value, money),
      sort: (row) => toNumber(row.expected[at]?.value),
    });
  });
  return (
    <DataTable
      id="forecast"
      label={text.forecast}
      columns={columns}
      rows={prediction.cohorts}
      rowId={(row) => row.cohort}
      initialSort={[{ id: "cohort", desc: true }]}
    />
  );
}

function download(data: Forecast, prediction: Prediction): void {
  const horizons = prediction.totals.flatMap((one) => [`orders_${one.days}_days`, `value_${one.days}_days`]);
  const rows = prediction.cohorts.map((row) => [
    row.cohort,
    row.customers,
    row.alive,
    ...row.expected.flatMap((one) => [one.orders, one.value]),
  ]);
  saveCsv(`${data.brand.slug}-forecast-${data.as_of}.csv`, csvOf(["cohort", "customers", "alive", ...horizons], rows));
}
