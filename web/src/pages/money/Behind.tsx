/** The orders behind a step, page by page. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { type Behind as Asked, behindQuery, type OrderBehind } from "../../api/money";
import { asProblem } from "../../api/problem";
import { dayLabel, instantLabel } from "../../format/date";
import { formatFigure, MISSING } from "../../format/number";
import { money } from "../../messages/money";
import { useBrand } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { Failed, LoadingRows } from "../../ui/States";
import { nameOf } from "../attribution/names";

const words = money.bridge;

export function Behind({ slug, of, onClose }: { slug: string; of: Asked | null; onClose: () => void }) {
  return (
    <Dialog open={of !== null} onOpenChange={(open) => !open && onClose()} title={of ? titleOf(of.step) : ""} drawer>
      {of && <OrdersBehind slug={slug} of={of} />}
    </Dialog>
  );
}

export function titleOf(step: Asked["step"]): string {
  switch (step) {
    case "residual":
      return words.residual;
    case "currency":
      return words.amount;
    case "credited":
      return words.credited;
    case "unattributed":
    case "other_channels":
      return words.claimSteps[step];
    default:
      return words.steps[step];
  }
}

export function OrdersBehind({ slug, of }: { slug: string; of: Asked }) {
  const brand = useBrand();
  const orders = useInfiniteQuery(behindQuery(slug, of));
  if (orders.isPending) return <LoadingRows rows={6} />;
  if (orders.isError) return <Failed problem={asProblem(orders.error)} onRetry={() => void orders.refetch()} />;
  const columns: Column<OrderBehind>[] = [
    {
      id: "order",
      header: words.order,
      left: true,
      cell: (one) => one.order ?? one.external_id ?? refundName(of, one),
    },
    { id: "placed", header: words.placed, cell: (one) => when(one, brand?.timezone) },
    {
      id: "amount",
      header: words.amount,
      cell: (one) => formatFigure(one.amount, { unit: "money", currency: of.currency ?? brand?.currency }),
    },
  ];
  if (of.step === "currency") {
    const header = words.converted(brand?.currency ?? "");
    const home = { unit: "money", currency: brand?.currency } as const;
    columns.push({ id: "converted", header, cell: (one) => formatFigure(one.converted, home) });
  }
  if (of.step === "other_channels" || of.step === "credited")
    columns.push({
      id: "channels",
      header: words.channels,
      left: true,
      cell: (one) => one.channels.map(nameOf).join(", "),
    });
  const rows = orders.data.pages.flatMap((page) => page.orders);
  return (
    <div className="flex flex-col gap-3">
      <DataTable
        id="behind"
        label={titleOf(of.step)}
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

function refundName(of: Asked, one: OrderBehind): string {
  const credited = of.store === undefined;
  return credited ? words.refundsOf(dayLabel(one.refund ?? "")) : words.refundOf(one.refund ?? "");
}

function when(one: OrderBehind, zone: string | undefined): string {
  return one.placed_at ? instantLabel(one.placed_at, zone) : MISSING;
}
