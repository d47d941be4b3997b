import { ListFilter } from "lucide-react";
import { useState } from "react";
import type { Dashboard } from "../../api/types";
import { csvOf } from "../../format/csv";
import { formatChange, formatFigure, toNumber } from "../../format/number";
import { attribution } from "../../messages/attribution";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { type FigureId, figuresOf, type Line, useAds } from "./ads";
import { CardMenu } from "./CardMenu";
import { fileName, saveCsv } from "./MainChart";
import { Share } from "./Share";
import { MODELS } from "./search";

const models = attribution.models;

function linesOf(data: Dashboard, ads: (path: string[]) => Line[] | undefined): Line[] {
  return data.channels.map((channel) => ({
    ...channel,
    level: "channel",
    name: channel.channel,
    path: [channel.channel],
    below: channel.campaigns.map((campaign) => {
      const path = [channel.channel, campaign.campaign];
      return { ...campaign, level: "campaign", name: campaign.campaign, path, below: ads(path) };
    }),
  }));
}

export function channelName(id: string): string {
  return t.dashboard.channelNames[id] ?? id;
}

function label(line: Line): string {
  if (line.level === "channel") return channelName(line.name);
  if (line.name) return line.name;
  return line.pending === undefined ? t.dashboard.unnamed : line.pending ? t.loading : t.states.errorTitle;
}

function columnsFor(data: Dashboard, onFilter: (filter: string) => void): Column<Line>[] {
  const c = t.dashboard.col;
  const { currency } = data.brand;
  const compared = data.compare !== null;
  const attributed = data.channels_total?.attributed_revenue;
  const figure = (id: FigureId, header: string, unit: "money" | "count" | "ratio", title?: string): Column<Line> => ({
    id,
    header,
    title,
    sort: (line) => toNumber(line[id]),
    cell: (line) => formatFigure(line[id], { unit, currency }),
  });
  return [
    {
      id: "channel",
      header: c.channel,
      left: true,
      sort: label,
      cell: (line) => (
        <>
          <span title={label(line)} className={line.level === "channel" ? "truncate font-medium" : "truncate"}>
            {label(line)}
          </span>
          {(line.level === "channel" || line.level === "campaign") && (
            <IconButton
              label={t.dashboard.filterBy(label(line))}
              className="absolute top-1/2 right-0 size-7 -translate-y-1/2 bg-sunken opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:hidden"
              onClick={() => onFilter(`${line.level}:eq:${line.name}`)}
            >
              <ListFilter className="size-3.5" aria-hidden="true" />
            </IconButton>
          )}
        </>
      ),
    },
    figure("ad_spend", c.ad_spend, "money"),
    ...(compared
      ? [
          {
            id: "change",
            header: c.change,
            sort: (line: Line) => toNumber(line.ad_spend_change_pct),
            cell: (line: Line) => <span className="text-ink-mute">{formatChange(line.ad_spend_change_pct)}</span>,
          },
        ]
      : []),
    {
      id: "share",
      header: c.share,
      sort: (line) => toNumber(line.share),
      cell: (line) => <Share value={line.share} />,
    },
    ...(attributed
      ? [
          figure("attributed_revenue", c.attributed, "money", models[data.model]),
          figure("attributed_roas", c.attributed_roas, "ratio", models[data.model]),
        ]
      : []),
    figure("platform_reported_revenue", c.revenue, "money"),
    figure("platform_roas", c.roas, "ratio"),
    figure("platform_conversions", c.conversions, "count"),
    figure("clicks", c.clicks, "count"),
    figure("cpc", c.cpc, "money", "Cost per click"),
    figure("impressions", c.impressions, "count", "Impressions"),
  ];
}

/** By which model sales are credited; what each does stands in its title. */
function ModelChoice({ model, onModel }: { model: Dashboard["model"]; onModel: (model: Dashboard["model"]) => void }) {
  return (
    <select
      aria-label={attribution.model}
      title={attribution.about[model]}
      value={model}
      onChange={(event) => onModel(event.target.value as Dashboard["model"])}
      className="field w-auto border-line"
    >
      {MODELS.map((one) => (
        <option key={one} value={one}>
          {models[one]}
        </option>
      ))}
    </select>
  );
}

function flat(lines: Line[]): Line[] {
  return lines.flatMap((line) => [line, ...flat(line.below ?? [])]);
}

export function Channels({
  data,
  filters = [],
  onFilter,
  onModel,
}: {
  data: Dashboard;
  filters?: string[];
  onFilter: (filter: string) => void;
  onModel: (model: Dashboard["model"]) => void;
}) {
  const [opened, setOpened] = useState<string[][]>([]);
  const lines = linesOf(data, useAds(data, filters, opened));
  const columns = columnsFor(data, onFilter);
  const total = data.channels_total;
  const totals: Line | null = total
    ? { ...total, share: total.share ?? "1", level: "channel", name: "", path: [] }
    : null;
  function csv(): void {
    const rows = flat(lines).map((line) => [
      ...[0, 1, 2, 3].map((level) => line.path[level] ?? ""),
      ...figuresOf(data).map((id) => line[id]),
    ]);
    saveCsv(fileName(data, "channels"), csvOf(["channel", "campaign", "adset", "ad", ...figuresOf(data)], rows));
  }
  return (
    <Card
      title={t.dashboard.channels}
      lead={t.dashboard.channelsLead}
      actions={
        <>
          {total?.attributed_revenue && <ModelChoice model={data.model} onModel={onModel} />}
          <CardMenu title={t.dashboard.channels} onCsv={csv} />
        </>
      }
    >
      {lines.length === 0 ? (
        <p className="px-5 pt-2 pb-6 text-sm text-ink-mute">{t.dashboard.noAds}</p>
      ) : (
        <DataTable
          id="channels"
          label={t.dashboard.channels}
          columns={columns}
          rows={lines}
          rowId={(line) => JSON.stringify(line.path)}
          rowName={label}
          below={(line) => line.below}
          opens={(line) => line.level === "campaign"}
          onOpen={(line) =>
            line.level === "campaign" &&
            setOpened((all) => [...all.filter((path) => JSON.stringify(path) !== JSON.stringify(line.path)), line.path])
          }
          initialSort={[{ id: "ad_spend", desc: true }]}
          totals={totals}
        />
      )}
    </Card>
  );
}
