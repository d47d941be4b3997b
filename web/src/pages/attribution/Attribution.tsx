/** Models side by side, channel by channel, and the ways that led to orders. The address holds its state. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { download } from "../../api/client";
import { attributionQuery, pathsQuery } from "../../api/figures";
import { asProblem } from "../../api/problem";
import type { ChannelByModel, Attribution as Data } from "../../api/types";
import { windowLabel } from "../../format/date";
import { formatFigure, toNumber } from "../../format/number";
import { attribution as m } from "../../messages/attribution";
import { t } from "../../messages/en";
import { useBrand } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Segmented, SelectField } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Empty, Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { nameOf } from "./names";
import { Paths } from "./Paths";
import {
  type AttributionSearch,
  attributionParams,
  attributionSearch,
  HALF_LIVES,
  MEASURES,
  SHOWN,
  WEIGHTS,
  WINDOWS,
} from "./search";

const route = getRouteApi("/shell/b/$brand/attribution");

export function Attribution() {
  const { brand: slug } = route.useParams();
  const search = attributionSearch(route.useSearch() as Record<string, unknown>);
  const navigate = route.useNavigate();
  const brand = useBrand();
  const params = attributionParams(search);
  const models = useQuery(attributionQuery(slug, params));
  const paths = useQuery(pathsQuery(slug, params));
  const change = (next: AttributionSearch) => void navigate({ search: (before) => ({ ...before, ...next }) });
  const file = useMutation({
    mutationFn: () => {
      const query = new URLSearchParams({ ...stringOf(params), format: "csv" });
      return download(`/api/brands/${slug}/attribution?${query}`, m.file(slug));
    },
    onError: (error) => toast(asProblem(error).message, "bad"),
  });
  const data = models.data;
  const known = data?.channels.some((row) => row.channel !== "unattributed" && row.by_model.some(given));
  return (
    <Page
      wide
      title={m.title}
      scope={brand?.name}
      lead={m.lead}
      actions={
        <Button disabled={file.isPending || !data} onClick={() => file.mutate()}>
          <Download className="size-4" aria-hidden="true" />
          {m.csv}
        </Button>
      }
    >
      <Choices search={search} onChange={change} />
      {models.isPending && (
        <div className="card">
          <LoadingRows rows={8} />
        </div>
      )}
      {models.isError && (
        <div className="card">
          <Failed problem={asProblem(models.error)} onRetry={() => void models.refetch()} />
        </div>
      )}
      {data && !known && (
        <div className="card">
          <Empty title={m.none}>{m.noneText}</Empty>
        </div>
      )}
      {data && known && (
        <div className={cx("flex flex-col gap-3 sm:gap-4", models.isPlaceholderData && "opacity-60")}>
          <Models data={data} search={search} />
          {paths.data && <Paths data={paths.data} />}
          {paths.isError && (
            <div className="card">
              <Failed problem={asProblem(paths.error)} onRetry={() => void paths.refetch()} />
            </div>
          )}
        </div>
      )}
    </Page>
  );
}

const given = (model: { orders: string }) => toNumber(model.orders) !== 0;

function stringOf(params: object): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value)]));
}

function Choices({ search, onChange }: { search: AttributionSearch; onChange: (change: AttributionSearch) => void }) {
  return (
    <div className="flex flex-wrap items-end gap-3">
      <SelectField
        label={m.range}
        value={search.range ?? "30d"}
        onChange={(event) => onChange({ range: event.target.value as AttributionSearch["range"] })}
      >
        {SHOWN.map((range) => (
          <option key={range} value={range}>
            {t.range.names[range]}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={m.window}
        value={search.window ?? "28"}
        onChange={(event) => onChange({ window: event.target.value as AttributionSearch["window"] })}
      >
        {WINDOWS.map((days) => (
          <option key={days} value={days}>
            {days === "lifetime" ? m.lifetime : m.days(Number(days))}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={m.halfLife}
        value={search.half ?? "7"}
        onChange={(event) => onChange({ half: event.target.value as AttributionSearch["half"] })}
      >
        {HALF_LIVES.map((days) => (
          <option key={days} value={days}>
            {m.halves(Number(days))}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={m.weights}
        value={search.weights ?? "40,20,40"}
        onChange={(event) => onChange({ weights: event.target.value as AttributionSearch["weights"] })}
      >
        {WEIGHTS.map((weights) => (
          <option key={weights} value={weights}>
            {m.percents(weights)}
          </option>
        ))}
      </SelectField>
      <Segmented
        label={m.measure}
        value={search.show ?? "revenue"}
        choices={MEASURES.map((measure) => ({ value: measure, label: m.measures[measure] }))}
        onChange={(show) => onChange({ show })}
      />
    </div>
  );
}

function Models({ data, search }: { data: Data; search: AttributionSearch }) {
  const show = search.show ?? "revenue";
  const about = {
    ...m.about,
    time_decay: m.decay(Number(search.half ?? "7")),
    position_based: m.position(search.weights ?? "40,20,40"),
  };
  const { currency } = data.brand;
  const unit = { revenue: "money", orders: "count", roas: "ratio" } as const;
  const columns: Column<ChannelByModel>[] = [
    {
      id: "channel",
      header: m.channel,
      left: true,
      sort: (row) => nameOf(row.channel),
      cell: (row) => nameOf(row.channel),
    },
    {
      id: "spend",
      header: m.spend,
      sort: (row) => toNumber(row.ad_spend),
      cell: (row) => formatFigure(row.ad_spend, { unit: "money", currency }),
    },
    {
      id: "claimed",
      header: m.claimed,
      title: m.claimedTitle,
      sort: (row) => toNumber(claimed(row, show)),
      cell: (row) => (
        <span className="text-ink-mute">{formatFigure(claimed(row, show), { unit: unit[show], currency })}</span>
      ),
    },
    ...data.models.map((model, at) => ({
      id: model,
      header: m.models[model],
      title: about[model],
      sort: (row: ChannelByModel) => toNumber(row.by_model[at]?.[show]),
      cell: (row: ChannelByModel) => (
        <span data-value={row.by_model[at]?.[show] ?? ""}>
          {formatFigure(row.by_model[at]?.[show], { unit: unit[show], currency })}
        </span>
      ),
    })),
  ];
  return (
    <Card title={m.byModel} lead={windowLabel(data.window.start.slice(0, 10), data.window.end.slice(0, 10))}>
      <DataTable
        id="attribution"
        label={m.byModel}
        columns={columns}
        rows={data.channels}
        rowId={(row) => row.channel}
        totals={{ ...data.total, channel: "" }}
      />
    </Card>
  );
}

function claimed(row: ChannelByModel, show: "revenue" | "orders" | "roas"): string | null {
  return (
    { revenue: row.platform_reported_revenue, orders: row.platform_conversions, roas: row.platform_roas }[show] ?? null
  );
}
