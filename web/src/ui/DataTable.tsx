/** A real `<table>`: sortable columns, rows that open, figures to the right, the first column in place on a phone. */
import {
  type ColumnDef,
  createExpandedRowModel,
  createSortedRowModel,
  type Row,
  rowExpandingFeature,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { t } from "../messages/en";
import { cx } from "./cx";
import { ScrollBox } from "./ScrollBox";

const features = tableFeatures({
  rowExpandingFeature,
  rowSortingFeature,
  expandedRowModel: createExpandedRowModel(),
  sortedRowModel: createSortedRowModel(),
});

export interface Column<T> {
  id: string;
  header: string;
  /** What the header's abbreviation stands for. */
  title?: string;
  cell: (row: T) => ReactNode;
  /** Makes the column sortable; null goes last. */
  sort?: (row: T) => number | string | null | undefined;
  left?: boolean;
  /** Its header is only spoken. */
  hidden?: boolean;
}

interface Props<T> {
  id: string;
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowId: (row: T) => string;
  /** Name of a row, for the buttons that open it. */
  rowName?: (row: T) => string;
  below?: (row: T) => T[] | undefined;
  /** Whether a row opens though what is below it is not known yet; `onOpen` is told to fetch it. */
  opens?: (row: T) => boolean;
  onOpen?: (row: T) => void;
  initialSort?: SortingState;
  totals?: T | null;
}

function definitions<T>(columns: Column<T>[]): ColumnDef<typeof features, T & object, unknown>[] {
  return columns.map((column) => ({
    id: column.id,
    accessorFn: (row: T) => column.sort?.(row) ?? undefined,
    enableSorting: Boolean(column.sort),
    sortUndefined: "last" as const,
    sortDescFirst: !column.left,
    sortFn: (a: Row<typeof features, T & object>, b: Row<typeof features, T & object>) => {
      const [x, y] = [column.sort?.(a.original) ?? 0, column.sort?.(b.original) ?? 0];
      return typeof x === "string" || typeof y === "string" ? String(x).localeCompare(String(y)) : x - y;
    },
  }));
}

export function DataTable<T extends object>(props: Props<T>) {
  const { columns, rows, label, id } = props;
  const table = useTable<typeof features, T & object>({
    features,
    columns: definitions(columns),
    data: rows,
    getRowId: props.rowId,
    getSubRows: props.below,
    getRowCanExpand: (row) => row.subRows.length > 0 || Boolean(props.opens?.(row.original)),
    enableSortingRemoval: false,
    // New figures leave open what was opened.
    autoResetExpanded: false,
    initialState: { sorting: props.initialSort ?? [] },
  });
  return (
    <ScrollBox label={label} className="relative rounded-b-[0.7rem]">
      <table data-testid={`table-${id}`} className="w-full border-separate border-spacing-0 text-sm">
        <thead>
          <tr>
            {table.getHeaderGroups()[0]?.headers.map((header, index) => {
              const column = columns[index];
              if (!column) return null;
              const sorted = header.column.getIsSorted();
              return (
                <th
                  key={header.id}
                  scope="col"
                  aria-sort={sorted ? (sorted === "asc" ? "ascending" : "descending") : undefined}
                  className={cx(
                    "border-b border-line px-2.5 py-1.5 text-xs font-medium whitespace-nowrap text-ink-mute first:sticky first:left-0 first:z-10 first:bg-surface first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5",
                    column.left ? "text-left" : "text-right",
                  )}
                >
                  {column.sort ? (
                    <button
                      type="button"
                      title={column.title}
                      onClick={header.column.getToggleSortingHandler()}
                      className={cx(
                        "tap inline-flex h-6 items-center gap-1 rounded hover:text-ink",
                        sorted && "text-ink",
                      )}
                    >
                      {column.header}
                      {sorted === "asc" && <ArrowUp className="size-3" aria-hidden="true" />}
                      {sorted === "desc" && <ArrowDown className="size-3" aria-hidden="true" />}
                    </button>
                  ) : (
                    <span title={column.title} className={column.hidden ? "sr-only" : undefined}>
                      {column.header}
                    </span>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <Line key={row.id} row={row} {...props} />
          ))}
        </tbody>
        {props.totals && (
          <tfoot>
            <tr className="font-medium">
              {columns.map((column, index) => (
                <Cell key={column.id} column={column} first={index === 0} head={index === 0} total>
                  {index === 0 ? t.dashboard.total : column.cell(props.totals as T)}
                </Cell>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </ScrollBox>
  );
}

function Line<T extends object>({
  row,
  columns,
  rowName,
  onOpen,
}: Props<T> & { row: Row<typeof features, T & object> }) {
  const open = row.getIsExpanded();
  const name = rowName?.(row.original) ?? "";
  return (
    <tr className="group hover:bg-sunken">
      {columns.map((column, index) => (
        <Cell key={column.id} column={column} first={index === 0} head={index === 0}>
          {index === 0 && rowName ? (
            <div className="flex items-center gap-1" data-depth={row.depth}>
              {Array.from({ length: row.depth }, (_, step) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: steps of an indent have no identity
                <span key={step} className="w-4 shrink-0" />
              ))}
              {row.getCanExpand() ? (
                <button
                  type="button"
                  aria-expanded={open}
                  aria-label={open ? t.dashboard.collapse(name) : t.dashboard.expand(name)}
                  onClick={() => {
                    if (!open) onOpen?.(row.original);
                    row.toggleExpanded();
                  }}
                  className="tap -ml-1 inline-flex size-6 shrink-0 items-center justify-center rounded text-ink-mute hover:bg-line hover:text-ink"
                >
                  <ChevronRight className={cx("size-4 transition-transform", open && "rotate-90")} aria-hidden="true" />
                </button>
              ) : (
                <span className="w-5 shrink-0" />
              )}
              {column.cell(row.original)}
            </div>
          ) : (
            column.cell(row.original)
          )}
        </Cell>
      ))}
    </tr>
  );
}

function Cell<T>({
  column,
  first,
  head,
  total,
  children,
}: {
  column: Column<T>;
  first: boolean;
  head: boolean;
  total?: boolean;
  children: ReactNode;
}) {
  const Tag = head ? "th" : "td";
  return (
    <Tag
      scope={head ? "row" : undefined}
      className={cx(
        "border-line px-2.5 py-1.5 whitespace-nowrap last:pr-4 sm:last:pr-5",
        total ? "border-t border-line-strong" : "border-b group-last:border-b-0",
        first &&
          "sticky left-0 z-10 max-w-[11rem] bg-surface pl-4 font-normal group-hover:bg-sunken sm:max-w-[22rem] sm:pl-5",
        total && first && "font-medium",
        column.left ? "text-left" : "text-right",
      )}
    >
      {children}
    </Tag>
  );
}
