/** Profit and loss of some days, and the costs that it is made of. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type Columns, profitQuery, type Statement, type StatementLine } from "../../api/money";
import { asProblem } from "../../api/problem";
import { bucketTitle } from "../../format/date";
import { formatFigure } from "../../format/number";
import { money } from "../../messages/money";
import { useBrand } from "../../shell/useBrand";
import { Card } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Segmented } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Empty, Failed, LoadingRows } from "../../ui/States";
import { Costs } from "./Costs";
import { moneySearch } from "./search";
import { WindowForm } from "./WindowForm";

const route = getRouteApi("/shell/b/$brand/profit");
const words = money.profit;
const GRAINS = ["none", "day", "week", "month"] as const;

export function Profit() {
  const { brand: slug } = route.useParams();
  const { from, to, grain } = moneySearch(route.useSearch() as Record<string, unknown>);
  const navigate = route.useNavigate();
  const brand = useBrand();
  const profit = useQuery(profitQuery(slug, { from, to }, grain));
  const shown = profit.data?.window;
  return (
    <Page title={words.title} scope={brand?.name} lead={words.lead} wide>
      <div className="flex flex-wrap items-end justify-between gap-3">
        {shown && (
          <WindowForm
            key={`${shown.start}${shown.end}`}
            shown={{ from: shown.start, to: shown.end }}
            onChange={(days) => void navigate({ search: { ...days, grain } })}
          />
        )}
        <Segmented
          label={money.window.grain}
          value={grain ?? "none"}
          choices={GRAINS.map((value) => ({ value, label: money.window.grains[value] }))}
          onChange={(value) => void navigate({ search: { from, to, grain: value === "none" ? undefined : value } })}
        />
      </div>
      <Card title={words.statement} testId="statement">
        {profit.isPending && <LoadingRows rows={12} />}
        {profit.isError && <Failed problem={asProblem(profit.error)} onRetry={() => void profit.refetch()} />}
        {profit.data && <Lines of={profit.data} grain={grain} />}
      </Card>
      <Costs slug={slug} currency={brand?.currency ?? "USD"} />
    </Page>
  );
}

const isNothing = (line: StatementLine) => line.total === null || /^-?0(\.0+)?$/.test(line.total ?? "");

function Lines({ of, grain }: { of: Statement; grain: Columns | undefined }) {
  // A line of its own only where something is left out.
  const lines = of.lines.filter((line) => line.id !== "sales_without_cost" || !isNothing(line));
  if (lines.every(isNothing)) return <Empty title={words.none}>{words.noneText}</Empty>;
  const figure = (line: StatementLine, value: string | null | undefined) =>
    formatFigure(value, { unit: line.unit, currency: of.currency });
  const columns: Column<StatementLine>[] = [
    { id: "line", header: words.line, left: true, cell: (line) => <Name line={line} /> },
    {
      id: "total",
      header: words.total,
      cell: (line) => (
        <span data-testid={`profit-${line.id}`} className={line.role === "sum" ? "font-semibold" : undefined}>
          {figure(line, line.total)}
        </span>
      ),
    },
    ...of.columns.map((label, at) => ({
      id: `c${at}`,
      header: label && grain ? bucketTitle(label, grain) : (label ?? ""),
      cell: (line: StatementLine) => figure(line, line.values[at]),
    })),
  ];
  return (
    <>
      <DataTable id="profit" label={words.statement} columns={columns} rows={lines} rowId={(line) => line.id} />
      {of.notes.length > 0 && (
        <ul aria-label={words.notes} className="flex flex-col gap-1 px-4 py-3 text-xs text-ink-mute sm:px-5">
          {of.notes.map((note) => (
            <li key={note.code}>{note.text}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Name({ line }: { line: StatementLine }) {
  return (
    <span title={line.formula} className={cx("block truncate", line.role === "sum" ? "font-semibold" : "pl-3")}>
      {line.role === "minus" && <span className="text-ink-mute">{words.minus} </span>}
      {line.label}
    </span>
  );
}
