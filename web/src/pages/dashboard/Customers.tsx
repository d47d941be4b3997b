import { useMemo, useState } from "react";
import type { Dashboard } from "../../api/types";
import { StackedBars } from "../../charts/StackedBars";
import { csvOf } from "../../format/csv";
import { t } from "../../messages/en";
import { Card } from "../../ui/Card";
import { Segmented } from "../../ui/Field";
import { CardMenu } from "./CardMenu";
import { customerBuckets, customerLines, customerSummary } from "./lines";
import { fileName, saveCsv, soFarOf } from "./MainChart";

type By = "count" | "sales";

export function Customers({ data }: { data: Dashboard }) {
  const [by, setBy] = useState<By>("count");
  const [asTable, setAsTable] = useState(false);
  const buckets = useMemo(() => customerBuckets(data), [data]);
  const lines = useMemo(() => customerLines(data, by), [data, by]);
  const title = t.dashboard.customers;
  function csv(): void {
    const header = ["new_customers", "returning_customers", "new_sales", "returning_sales"] as const;
    const rows = data.customers.series.map((one) => [one.t, ...header.map((key) => one[key])]);
    saveCsv(fileName(data, "customers"), csvOf(["date", ...header], rows));
  }
  return (
    <Card
      title={title}
      actions={
        <>
          <Segmented<By>
            label={title}
            value={by}
            onChange={setBy}
            choices={[
              { value: "count", label: t.dashboard.byCount },
              { value: "sales", label: t.dashboard.bySales },
            ]}
          />
          <CardMenu title={title} asTable={asTable} onTable={setAsTable} onCsv={csv} />
        </>
      }
    >
      {buckets.length === 0 ? (
        <p className="px-5 pt-2 pb-6 text-sm text-ink-mute">{t.dashboard.noCustomers}</p>
      ) : (
        <StackedBars
          id="customers"
          title={title}
          summary={customerSummary(data, by)}
          buckets={buckets}
          lines={lines}
          soFar={soFarOf(data)}
          asTable={asTable}
        />
      )}
    </Card>
  );
}
