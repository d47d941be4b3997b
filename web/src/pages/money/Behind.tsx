/** The orders behind a step, page by page. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { type Behind as Asked, behindQuery, type OrderBehind } from "../../api/money";
import { asProblem } from "../../api/problem";
import { instantLabel } from "../../format/date";
import { formatFigure, MISSING } from "../../format/number";
import { money } from "../../messages/money";
import { useBrand } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { Failed, LoadingRows } from "../../ui/States";

const words = money.bridge;

export function Behind({ slug, of, onClose }: { slug: string; of: Asked | null; onClose: () => void }) {
  return (
    <Dialog open={of !== null} onOpenChange={(open) => !open && onClose()} title={of ? nameOf(of.step) : ""} drawer>
      {of && <Orders slug={slug} of={of} />}
    </Dialog>
  );
}

function nameOf(step: Asked["step"]): string {
  if (step === "residual") return words.residual;
  return step === "currency" ? words.amount : words.steps[step];
}

function Orders({ slug, of }: { slug: string; of: Asked }) {
  const brand = useBrand();
  const orders = useInfiniteQuery(behindQuery(slug, of));
  if (orders.isPending) return <LoadingRows rows={6} />;
  if (orders.isError) return <Failed problem={asProblem(orders.error)} onRetry={() => void orders.refetch()} />;
  const columns: Column<OrderBehind>[] = [
    {
      id: "order",
      header: words.order,
      left: true,
      cell: (one) => one.order ?? one.external_id ?? words.refundOf(one.refund ?? ""),
    },
    { id: "placed", header: words.placed, cell: (one) => when(one, brand?.timezone) },
    {
      id: "amount",
      header: words.amount,
      cell: (one) => formatFigure(one.amount, { unit: "money", currency: of.currency }),
    },
  ];
  if (of.step === "currency") {
    const header = words.converted(brand?.currency ?? "");
    const home = { unit: "money", currency: brand?.currency } as const;
    columns.push({ id: "converted", header, cell: (one) => formatFigure(one.converted, home) });
  }
  const rows = orders.data.pages.flatMap((page) => page.orders);
  return (
    <div className="flex flex-col gap-3">
      <DataTable
        id="behind"
        label={nameOf(of.step)}
        columns={columns}
        rows={rows}
        rowId={(one) => `${one.external_id}${one.refund}${one.amount}${rows.indexOf(one)}`}
      />
      {orders.hasNextPage && (
        <Button disabled={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>
          {words.more}
        </Button>
      )}
    </div>
  );
}

function when(one: OrderBehind, zone: string | undefined): string {
  return one.placed_at ? instantLabel(one.placed_at, zone) : MISSING;
}
