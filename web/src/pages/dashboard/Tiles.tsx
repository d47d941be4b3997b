import { Info } from "lucide-react";
import type { Dashboard, Kpi } from "../../api/types";
import { Sparkline } from "../../charts/Sparkline";
import { dayLabel, timeLabel } from "../../format/date";
import { deltaOf } from "../../format/delta";
import { formatFigure, toNumber } from "../../format/number";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Popover } from "../../ui/Popover";
import { Delta } from "./Delta";

/** The figures at a glance; pressing one puts it into the chart. */
export function Tiles({ data, metric, onPick }: { data: Dashboard; metric: string; onPick: (id: string) => void }) {
  return (
    <section aria-labelledby="tiles">
      <h2 id="tiles" className="sr-only">
        {t.dashboard.tiles}
      </h2>
      <ul className="grid grid-cols-2 gap-2 sm:gap-3 md:grid-cols-4">
        {data.kpis.map((kpi) => (
          <li key={kpi.id} className="min-w-0">
            <Tile kpi={kpi} data={data} chosen={kpi.id === metric} onPick={() => onPick(kpi.id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tile({ kpi, data, chosen, onPick }: { kpi: Kpi; data: Dashboard; chosen: boolean; onPick: () => void }) {
  const style = { unit: kpi.unit, currency: kpi.currency ?? data.brand.currency };
  const delta = deltaOf(kpi);
  const shown = formatFigure(kpi.value, { ...style, compact: true });
  const until = data.window.partial_until;
  return (
    <div
      data-testid={`kpi-${kpi.id}`}
      data-partial={kpi.partial}
      className={cx(
        "card relative h-full transition-colors has-[button[aria-pressed]:hover]:border-line-strong",
        chosen && "border-accent shadow-[inset_0_0_0_1px_var(--accent)]",
      )}
    >
      <button
        type="button"
        aria-pressed={chosen}
        aria-label={`${kpi.label}: ${shown}. ${t.dashboard.chartIt(kpi.label)}`}
        onClick={onPick}
        className="absolute inset-0 z-0 rounded-xl"
      />
      <div className="pointer-events-none relative flex h-full flex-col px-3 pt-2 pb-2.5 sm:px-4 sm:pt-2.5">
        <div className="flex items-center justify-between gap-1">
          <h3 title={kpi.label} className="truncate text-xs font-medium text-ink-soft">
            {kpi.label}
          </h3>
          <About kpi={kpi} data={data} />
        </div>
        <p
          data-testid={`kpi-${kpi.id}-value`}
          data-value={kpi.value ?? ""}
          data-unit={kpi.unit}
          className={cx(
            "text-[1.375rem] leading-8 font-semibold tracking-tight sm:text-2xl",
            toNumber(kpi.value) === null && "text-ink-mute",
          )}
        >
          {shown}
        </p>
        <div className="flex min-h-4 flex-wrap items-baseline gap-x-2">
          {data.compare && (
            <Delta
              testId={`kpi-${kpi.id}-delta`}
              delta={delta}
              direction={kpi.direction}
              tone={kpi.tone}
              value={kpi.change_pct}
            />
          )}
          {kpi.partial && (
            <span className="text-xs text-ink-mute">
              {until ? t.dashboard.partialTile(timeLabel(until, data.window.timezone)) : t.dashboard.running}
            </span>
          )}
        </div>
        <div className="mt-auto pt-2">
          <Sparkline
            values={kpi.series.map((point) => point.value)}
            previous={data.compare ? kpi.series.map((point) => point.previous) : null}
            partial={kpi.partial}
          />
        </div>
      </div>
    </div>
  );
}

function About({ kpi, data }: { kpi: Kpi; data: Dashboard }) {
  const { data_through } = data.freshness;
  return (
    <Popover
      title={t.dashboard.about(kpi.label)}
      className="w-72 p-4 text-sm"
      trigger={
        <IconButton
          label={t.dashboard.about(kpi.label)}
          className="pointer-events-auto relative z-10 -mr-2 size-7 sm:-mr-2.5"
        >
          <Info className="size-3.5" aria-hidden="true" />
        </IconButton>
      }
    >
      <p className="font-semibold">{kpi.label}</p>
      <p className="mt-2 text-xs text-ink-mute">{t.dashboard.formula}</p>
      <p className="mt-0.5 rounded-md bg-sunken px-2.5 py-1.5 text-xs leading-5">{kpi.formula}</p>
      <p className="mt-2 text-xs text-ink-soft">{t.dashboard.definition[kpi.good_when]}</p>
      <p className="mt-2 text-xs text-ink-soft">
        {formatFigure(kpi.value, { unit: kpi.unit, currency: kpi.currency ?? data.brand.currency })}
        {data.compare &&
          `, ${t.dashboard.previous.toLowerCase()} ${formatFigure(kpi.previous, { unit: kpi.unit, currency: kpi.currency ?? data.brand.currency })}`}
      </p>
      {kpi.notes?.map((note) => (
        <p key={note} className="mt-2 text-xs text-warn">
          {note}
        </p>
      ))}
      {data_through && (
        <p className="mt-2 text-xs text-ink-mute">{t.dashboard.dataTo(dayLabel(data_through.slice(0, 10)))}</p>
      )}
    </Popover>
  );
}
