import { X } from "lucide-react";
import type { Dashboard } from "../../api/types";
import { windowLabel } from "../../format/date";
import { t } from "../../messages/en";
import { Freshness } from "./Freshness";
import { RangePicker } from "./RangePicker";
import { type DashboardSearch, GRAINS, parseFilter, withoutFilter } from "./search";

interface Props {
  search: DashboardSearch;
  data: Dashboard | undefined;
  rangeOpen: boolean;
  onRangeOpen: (open: boolean) => void;
  onChange: (change: DashboardSearch) => void;
  onShift: (steps: number) => void;
}

/** What the figures are of: dates, comparison, interval, freshness. */
export function Toolbar({ search, data, rangeOpen, onRangeOpen, onChange, onShift }: Props) {
  return (
    <div className="-ml-2 flex min-w-0 flex-wrap items-center gap-x-1 gap-y-1 sm:ml-0">
      {data ? <Freshness data={data} /> : <span className="h-9 w-46 pointer-coarse:h-11" />}
      <label className="sr-only" htmlFor="grain">
        {t.range.grain}
      </label>
      <select
        id="grain"
        value={search.grain ?? ""}
        onChange={(event) => onChange({ grain: (event.target.value || undefined) as DashboardSearch["grain"] })}
        className="field w-auto border-line font-medium"
      >
        <option value="">{t.range.grains.auto}</option>
        {GRAINS.map((grain) => (
          <option key={grain} value={grain}>
            {t.range.grains[grain]}
          </option>
        ))}
      </select>
      <RangePicker
        search={search}
        data={data}
        open={rangeOpen}
        onOpenChange={onRangeOpen}
        onChange={onChange}
        onShift={onShift}
      />
    </div>
  );
}

/** The window in words, once, with its zone. */
export function WindowLine({ data }: { data: Dashboard }) {
  return (
    <>
      {windowLabel(data.window.start, data.window.end)}
      {data.compare && (
        <> {t.range.versus(windowLabel(data.compare.start, data.compare.end, data.window.start.slice(0, 4)))}</>
      )}
      <span className="whitespace-nowrap"> · {data.window.timezone.replaceAll("_", " ")}</span>
    </>
  );
}

const OPERATORS: Record<string, string> = {
  eq: "is",
  neq: "is not",
  in: "is one of",
  not_in: "is none of",
  gt: ">",
  gte: "≥",
  lt: "<",
  lte: "≤",
  between: "between",
  contains: "contains",
  not_contains: "does not contain",
  is_null: "is empty",
};

export function Chips({ search, onChange }: { search: DashboardSearch; onChange: (search: DashboardSearch) => void }) {
  if (!search.f?.length) return null;
  return (
    <ul aria-label={t.dashboard.filters} className="flex flex-wrap gap-2">
      {search.f.map((filter) => {
        const { dim, op, value } = parseFilter(filter);
        const name = dim.charAt(0).toUpperCase() + dim.slice(1).replaceAll("_", " ");
        const text = `${name} ${OPERATORS[op] ?? op} ${value}`;
        return (
          <li key={filter} data-testid={`chip-${dim}`}>
            <button
              type="button"
              aria-label={t.dashboard.removeFilter(text)}
              onClick={() => onChange(withoutFilter(search, filter))}
              className="tap flex h-7 max-w-[80vw] items-center gap-1.5 rounded-full border border-line bg-accent-soft pr-2 pl-3 text-xs text-accent-strong hover:border-accent"
            >
              <span className="truncate">
                {name} {OPERATORS[op] ?? op} <strong className="font-semibold">{value}</strong>
              </span>
              <X className="size-3.5 shrink-0" aria-hidden="true" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
