import { ListFilter } from "lucide-react";
import type { Dashboard, ProductRow } from "../../api/types";
import { csvOf } from "../../format/csv";
import { formatChange, formatFigure, toNumber } from "../../format/number";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { CardMenu } from "./CardMenu";
import { fileName, saveCsv } from "./MainChart";

const name = (row: ProductRow) => row.product ?? t.dashboard.unnamed;

function tone(share: number | null): string {
  if (share === null || Math.abs(share) < 0.005) return "text-ink-mute";
  return share > 0 ? "text-good" : "text-bad";
}

function columnsFor(currency: string, compared: boolean, onFilter: (filter: string) => void): Column<ProductRow>[] {
  const c = t.dashboard.col;
  const columns: Column<ProductRow>[] = [
    {
      id: "product",
      header: c.product,
      left: true,
      sort: name,
      cell: (row) => (
        <span className="flex items-center gap-1">
          <span title={name(row)} className="truncate font-medium">
            {name(row)}
          </span>
          <IconButton
            label={t.dashboard.filterBy(name(row))}
            className="absolute top-1/2 right-0 size-7 -translate-y-1/2 bg-sunken opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:hidden"
            onClick={() => onFilter(row.product ? `product:eq:${row.product}` : "product:is_null:")}
          >
            <ListFilter className="size-3.5" aria-hidden="true" />
          </IconButton>
        </span>
      ),
    },
    {
      id: "units",
      header: c.units,
      sort: (row) => toNumber(row.units_sold),
      cell: (row) => formatFigure(row.units_sold, { unit: "count" }),
    },
    {
      id: "net_sales",
      header: c.net_sales,
      sort: (row) => toNumber(row.net_sales),
      cell: (row) => formatFigure(row.net_sales, { unit: "money", currency }),
    },
  ];
  if (compared) {
    columns.push({
      id: "change",
      header: c.sales_change,
      title: "Change of net sales against the comparison",
      sort: (row) => toNumber(row.net_sales_change_pct),
      cell: (row) => (
        <span className={cx(tone(toNumber(row.net_sales_change_pct)))}>{formatChange(row.net_sales_change_pct)}</span>
      ),
    });
  }
  columns.push(
    {
      id: "margin",
      header: c.margin,
      title: "Gross margin: gross profit ÷ net sales",
      sort: (row) => toNumber(row.gross_margin),
      cell: (row) => formatFigure(row.gross_margin, { unit: "percent" }),
    },
    {
      id: "refunds",
      header: c.refunds,
      title: "Refund rate: refunds ÷ (gross sales − discounts)",
      sort: (row) => toNumber(row.refund_rate),
      cell: (row) => formatFigure(row.refund_rate, { unit: "percent" }),
    },
  );
  return columns;
}

export function Products({ data, onFilter }: { data: Dashboard; onFilter: (filter: string) => void }) {
  const { products: rows, products_truncated: truncated } = data;
  function csv(): void {
    const header = [
      "product",
      "units_sold",
      "net_sales",
      "net_sales_change_pct",
      "gross_margin",
      "refund_rate",
    ] as const;
    saveCsv(
      fileName(data, "products"),
      csvOf(
        [...header],
        rows.map((row) => header.map((key) => row[key])),
      ),
    );
  }
  return (
    <Card title={t.dashboard.products} actions={<CardMenu title={t.dashboard.products} onCsv={csv} />}>
      {rows.length === 0 ? (
        <p className="px-5 pt-2 pb-6 text-sm text-ink-mute">{t.dashboard.noProducts}</p>
      ) : (
        <>
          <DataTable
            id="products"
            label={t.dashboard.products}
            columns={columnsFor(data.brand.currency, data.compare !== null, onFilter)}
            rows={rows}
            rowId={name}
            initialSort={[{ id: "net_sales", desc: true }]}
          />
          {truncated && <p className="px-5 pt-1 pb-3 text-xs text-ink-mute">{t.dashboard.truncated}</p>}
        </>
      )}
    </Card>
  );
}
