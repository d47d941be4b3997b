/** Dates and comparison in one place: presets at once, own dates on Apply. A sheet on phones. */
import { CalendarDays, ChevronDown, ChevronLeft, ChevronRight } from "lucide-react";
import { cloneElement, useId, useState } from "react";
import type { Dashboard } from "../../api/types";
import { addDays, windowLabel } from "../../format/date";
import { t } from "../../messages/en";
import { Button, buttonClass, IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { PHONE, useMedia } from "../../ui/media";
import { Popover } from "../../ui/Popover";
import { COMPARISONS, type DashboardSearch, RANGES } from "./search";

interface Props {
  search: DashboardSearch;
  data: Dashboard | undefined;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onChange: (change: DashboardSearch) => void;
  onShift: (steps: number) => void;
}

export function RangePicker({ search, data, open, onOpenChange, onChange, onShift }: Props) {
  const phone = useMedia(PHONE);
  const range = search.range ?? "30d";
  const own = range === "custom" && search.from && search.to ? windowLabel(search.from, search.to) : null;
  const label = own ?? t.range.names[range];
  const trigger = (
    <button type="button" className={buttonClass("outline", "min-w-0 shrink rounded-x-none px-2.5")}>
      <CalendarDays className="size-4 shrink-0 text-ink-mute" aria-hidden="true" />
      <span className="truncate">{label}</span>
      <ChevronDown className="size-3.5 shrink-0 text-ink-mute" aria-hidden="true" />
    </button>
  );
  const panel = (
    <Panel
      key={`${search.from}${search.to}${search.cmp_from}`}
      search={search}
      data={data}
      onChange={onChange}
      onClose={() => onOpenChange(false)}
    />
  );
  return (
    <div className="flex min-w-0 items-center gap-1">
      <IconButton label={t.keys.earlier} disabled={!data} onClick={() => onShift(-1)}>
        <ChevronLeft className="size-4" aria-hidden="true" />
      </IconButton>
      {phone ? (
        <>
          {cloneElement(trigger, {
            "aria-haspopup": "dialog",
            "aria-expanded": open,
            onClick: () => onOpenChange(true),
          })}
          <Dialog open={open} onOpenChange={onOpenChange} title={t.range.label}>
            {panel}
          </Dialog>
        </>
      ) : (
        <Popover title={t.range.label} open={open} onOpenChange={onOpenChange} align="end" trigger={trigger}>
          {panel}
        </Popover>
      )}
      <IconButton label={t.keys.later} disabled={!data} onClick={() => onShift(1)}>
        <ChevronRight className="size-4" aria-hidden="true" />
      </IconButton>
    </div>
  );
}

function Panel({
  search,
  data,
  onChange,
  onClose,
}: Pick<Props, "search" | "data" | "onChange"> & { onClose: () => void }) {
  const range = search.range ?? "30d";
  return (
    <div className="-mx-3 flex flex-col sm:mx-0 sm:flex-row">
      <ul className="grid grid-cols-2 gap-0.5 border-line p-2 sm:flex sm:w-44 sm:flex-col sm:border-r">
        {RANGES.filter((one) => one !== "custom").map((one) => (
          <li key={one}>
            <button
              type="button"
              aria-pressed={one === range}
              onClick={() => {
                onChange({ range: one, from: undefined, to: undefined });
                onClose();
              }}
              className={cx(
                "tap flex h-8 w-full items-center rounded-md px-2.5 text-left text-sm hover:bg-sunken",
                one === range ? "bg-accent-soft font-medium text-accent-strong" : "text-ink-soft",
              )}
            >
              {t.range.names[one]}
            </button>
          </li>
        ))}
      </ul>
      <div className="flex flex-col gap-5 p-3 sm:w-84 sm:p-4">
        <Dates
          legend={t.range.names.custom}
          start={search.from ?? data?.window.start.slice(0, 10)}
          end={search.to ?? data?.window.end.slice(0, 10)}
          onApply={(from, to) => {
            onChange({ range: "custom", from, to });
            onClose();
          }}
        />
        <Compare search={search} data={data} onChange={onChange} />
      </div>
    </div>
  );
}

/** Two native inputs; the last day is shown as people mean it, inclusive. */
function Dates({
  legend,
  start,
  end,
  onApply,
}: {
  legend: string;
  start: string | undefined;
  end: string | undefined;
  onApply: (from: string, to: string) => void;
}) {
  const [from, setFrom] = useState(start ?? "");
  const [last, setLast] = useState(end ? addDays(end, -1) : "");
  const wrong = from !== "" && last !== "" && from > last;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (from && last && !wrong) onApply(from, addDays(last, 1));
      }}
    >
      <fieldset className="flex flex-col gap-3">
        <legend className="mb-2 text-xs font-medium text-ink-mute">{legend}</legend>
        <div className="grid grid-cols-2 gap-2">
          <TextField label={t.range.from} type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
          <TextField label={t.range.to} type="date" value={last} onChange={(event) => setLast(event.target.value)} />
        </div>
        {wrong && (
          <p role="alert" className="text-xs text-danger">
            {t.range.order}
          </p>
        )}
        <Button type="submit" disabled={!from || !last || wrong}>
          {t.range.apply}
        </Button>
      </fieldset>
    </form>
  );
}

function Compare({ search, data, onChange }: Pick<Props, "search" | "data" | "onChange">) {
  const name = useId();
  const [chosen, setChosen] = useState(search.cmp ?? "prev");
  return (
    <fieldset className="flex flex-col">
      <legend className="mb-1 text-xs font-medium text-ink-mute">{t.range.compare}</legend>
      {COMPARISONS.map((one) => (
        <label key={one} className="tap flex h-7 cursor-pointer items-center gap-2.5 text-sm">
          <input
            type="radio"
            name={name}
            checked={chosen === one}
            onChange={() => {
              setChosen(one);
              if (one !== "custom") onChange({ cmp: one, cmp_from: undefined, cmp_to: undefined });
            }}
            className="size-4 accent-accent"
          />
          {t.range.comparisons[one]}
        </label>
      ))}
      {chosen === "custom" && (
        <div className="mt-2">
          <Dates
            legend={t.range.comparisons.custom}
            start={search.cmp_from ?? data?.compare?.start.slice(0, 10)}
            end={search.cmp_to ?? data?.compare?.end.slice(0, 10)}
            onApply={(cmp_from, cmp_to) => onChange({ cmp: "custom", cmp_from, cmp_to })}
          />
        </div>
      )}
      {(chosen === "prev" || chosen === "yoy") && (
        <label className="tap mt-2 flex min-h-7 cursor-pointer items-start gap-2.5 border-t border-line pt-3 text-sm">
          <input
            type="checkbox"
            checked={(search.match ?? "dow") === "dow"}
            onChange={(event) => onChange({ match: event.target.checked ? "dow" : "date" })}
            className="mt-0.5 size-4 accent-accent"
          />
          <span>
            {t.range.match}
            <span className="block text-xs text-ink-mute">{t.range.matchHelp}</span>
          </span>
        </label>
      )}
    </fieldset>
  );
}
