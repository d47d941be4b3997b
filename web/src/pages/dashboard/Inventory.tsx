import type { Dashboard, StockRow } from "../../api/types";
import { csvOf } from "../../format/csv";
import { bucketLabel, dayLabel } from "../../format/date";
import { formatFigure, MISSING, toNumber } from "../../format/number";
import { t } from "../../messages/en";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { CardMenu } from "./CardMenu";
import { fileName, saveCsv } from "./MainChart";

const name = (row: StockRow) => [row.product, row.size].filter(Boolean).join(" · ");

function columnsFor(rows: StockRow[]): Column<StockRow>[] {
  const c = t.dashboard.col;
  const columns: Column<StockRow>[] = [
    {
      id: "product",
      header: c.product,
      left: true,
      sort: name,
      cell: (row) => (
        <span className="flex items-center gap-2">
          <span className="min-w-0">
            <span title={name(row)} className="block truncate font-medium">
              {name(row)}
            </span>
            {row.sku && <span className="block truncate text-xs text-ink-mute">{row.sku}</span>}
          </span>
          {row.low_stock && (
            <span className="rounded-full border border-warn px-1.5 text-2xs font-medium text-warn">
              {t.dashboard.low}
            </span>
          )}
        </span>
      ),
    },
  ];
  if (rows.some((row) => row.warehouse)) {
    columns.push({
      id: "warehouse",
      header: c.warehouse,
      left: true,
      sort: (row) => row.warehouse,
      cell: (row) => row.warehouse ?? MISSING,
    });
  }
  columns.push(
    {
      id: "on_hand",
      header: c.on_hand,
      sort: (row) => row.inventory_on_hand,
      cell: (row) => formatFigure(row.inventory_on_hand, { unit: "count" }),
    },
    {
      id: "cover",
      header: c.cover,
      sort: (row) => toNumber(row.days_of_cover),
      cell: (row) => formatFigure(row.days_of_cover, { unit: "days" }),
    },
    {
      id: "stockout",
      header: c.stockout,
      sort: (row) => row.projected_stockout_date,
      cell: (row) =>
        row.projected_stockout_date ? (
          <span title={dayLabel(row.projected_stockout_date)}>{bucketLabel(row.projected_stockout_date, "day")}</span>
        ) : (
          MISSING
        ),
    },
    {
      id: "reorder",
      header: c.reorder,
      sort: (row) => row.reorder_quantity,
      cell: (row) => formatFigure(row.reorder_quantity, { unit: "count" }),
    },
  );
  return columns;
}

export function Inventory({ data }: { data: Dashboard }) {
  const { inventory: rows, inventory_as_of: as_of } = data;
  function csv(): void {
    const header = [
      "product",
      "sku",
      "size",
      "warehouse",
      "inventory_on_hand",
      "days_of_cover",
      "projected_stockout_date",
      "low_stock",
      "reorder_quantity",
    ] as const;
    saveCsv(
      fileName(data, "inventory"),
      csvOf(
        [...header],
        rows.map((row) => header.map((key) => (typeof row[key] === "boolean" ? String(row[key]) : row[key]))),
      ),
    );
  }
  return (
    <Card
      title={t.dashboard.inventory}
      lead={as_of && rows.length > 0 ? t.dashboard.asOf(dayLabel(as_of)) : undefined}
      actions={<CardMenu title={t.dashboard.inventory} onCsv={csv} />}
    >
      {rows.length === 0 ? (
        <p className="px-5 pt-2 pb-6 text-sm text-ink-mute">{t.dashboard.noStock}</p>
      ) : (
        <DataTable
          id="inventory"
          label={t.dashboard.inventory}
          columns={columnsFor(rows)}
          rows={rows}
          rowId={(row) => [row.product, row.sku, row.size, row.warehouse].join("|")}
          initialSort={[{ id: "cover", desc: false }]}
        />
      )}
    </Card>
  );
}
