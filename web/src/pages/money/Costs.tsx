/** What is entered of costs: added, ended, removed. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useMay } from "../../api/access";
import { api } from "../../api/client";
import { type Cost, costsQuery, figuresChanged } from "../../api/money";
import { asProblem } from "../../api/problem";
import { addDays, dayLabel } from "../../format/date";
import { formatFigure } from "../../format/number";
import { money } from "../../messages/money";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { Confirm } from "../../ui/Dialog";
import { Empty, Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { AddCost } from "./AddCost";
import { EndCost } from "./EndCost";

const words = money.profit;

export function Costs({ slug, currency }: { slug: string; currency: string }) {
  const costs = useQuery(costsQuery(slug));
  const may = useMay("manage");
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Cost | null>(null);
  const [removing, setRemoving] = useState<Cost | null>(null);

  async function remove(cost: Cost): Promise<void> {
    try {
      await api.DELETE("/api/brands/{brand}/costs/{id}", { params: { path: { brand: slug, id: cost.id } } });
      await figuresChanged(slug);
      toast(words.removed);
    } catch (error) {
      toast(asProblem(error).message, "bad");
    }
    setRemoving(null);
  }

  return (
    <Card
      title={words.costs}
      lead={words.costsLead}
      testId="costs"
      actions={may && <Button onClick={() => setAdding(true)}>{words.add}</Button>}
    >
      {costs.isPending && <LoadingRows rows={3} />}
      {costs.isError && <Failed problem={asProblem(costs.error)} onRetry={() => void costs.refetch()} />}
      {costs.data?.length === 0 && <Empty title={words.noCosts}>{words.noCostsText}</Empty>}
      {costs.data && costs.data.length > 0 && (
        <DataTable
          id="costs"
          label={words.costs}
          columns={columns(may, setEnding, setRemoving)}
          rows={costs.data}
          rowId={(cost) => cost.id}
        />
      )}
      <AddCost slug={slug} currency={currency} open={adding} onOpenChange={setAdding} />
      <EndCost slug={slug} cost={ending} onClose={() => setEnding(null)} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={words.removeTitle(removing?.name ?? "")}
        lead={words.removeLead}
        action={words.remove}
        onConfirm={() => removing && void remove(removing)}
      />
    </Card>
  );
}

/** `2.9% + $0.30`, `$300.00 a month`. */
function worth(cost: Cost): string {
  const rate = cost.rate && Number(cost.rate) > 0 ? formatFigure(cost.rate, { unit: "percent" }) : null;
  const amount =
    cost.amount && (Number(cost.amount) > 0 || !rate)
      ? formatFigure(cost.amount, { unit: "money", currency: cost.currency })
      : null;
  const each = cost.period ? ` / ${words.periods[cost.period]}` : "";
  return [rate, amount].filter(Boolean).join(" + ") + each;
}

function columns(may: boolean, end: (cost: Cost) => void, remove: (cost: Cost) => void): Column<Cost>[] {
  const all: Column<Cost>[] = [
    {
      id: "name",
      header: words.name,
      left: true,
      cell: (cost) => (
        <span className="block min-w-32">
          <span className="block truncate font-medium">{cost.name}</span>
          <span className="block truncate text-xs text-ink-mute">{words.kinds[cost.kind]}</span>
        </span>
      ),
    },
    { id: "amount", header: words.amount, cell: worth },
    { id: "for", header: words.all, hidden: true, left: true, cell: (cost) => cost.applies_to ?? "" },
    { id: "from", header: words.from, cell: (cost) => dayLabel(cost.from) },
    {
      id: "until",
      header: words.until,
      cell: (cost) => (cost.until ? dayLabel(addDays(cost.until, -1)) : words.goesOn),
    },
  ];
  if (!may) return all;
  return [
    ...all,
    {
      id: "actions",
      header: words.actions,
      hidden: true,
      cell: (cost) => (
        <span className="inline-flex gap-1">
          <Button look="ghost" aria-label={words.endTitle(cost.name)} onClick={() => end(cost)}>
            {words.end}
          </Button>
          <Button look="ghost" aria-label={`${words.remove} ${cost.name}`} onClick={() => remove(cost)}>
            {words.remove}
          </Button>
        </span>
      ),
    },
  ];
}
