import { formatFigure, toNumber } from "../format/number";
import { t } from "../messages/en";
import { ScrollBox } from "../ui/ScrollBox";
import type { ChartBucket, ChartLine } from "./model";

/** The same figures as the chart, exact, as a table. */
export function ChartTable({
  id,
  title,
  buckets,
  lines,
  soFar,
}: {
  id: string;
  title: string;
  buckets: ChartBucket[];
  lines: ChartLine[];
  soFar: string;
}) {
  const columns = lines.flatMap((line) => [
    { key: line.id, label: line.label, values: line.values, line },
    ...(line.previous
      ? [
          {
            key: `${line.id}.previous`,
            label: `${line.label}, ${t.dashboard.previous.toLowerCase()}`,
            values: line.previous,
            line,
          },
        ]
      : []),
  ]);
  return (
    <ScrollBox label={title} className="max-h-96">
      <table data-testid={`chart-${id}-table`} className="w-full border-separate border-spacing-0 text-sm">
        <thead>
          <tr className="text-xs text-ink-mute">
            <th
              scope="col"
              className="sticky top-0 border-b border-line bg-surface px-4 py-1.5 text-left font-medium sm:px-5"
            >
              {t.dashboard.col.date}
            </th>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className="sticky top-0 border-b border-line bg-surface px-4 py-1.5 text-right font-medium sm:px-5"
              >
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket, index) => (
            <tr key={bucket.t}>
              <th
                scope="row"
                className="border-b border-line px-4 py-1.5 text-left font-normal whitespace-nowrap sm:px-5"
              >
                {bucket.title}
                {bucket.partial && <span className="text-ink-mute"> ({soFar})</span>}
              </th>
              {columns.map((column) => (
                <td key={column.key} className="border-b border-line px-4 py-1.5 text-right whitespace-nowrap sm:px-5">
                  {toNumber(column.values[index]) === null
                    ? t.dashboard.noFigure
                    : formatFigure(column.values[index], column.line.style)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
