import { Link } from "@tanstack/react-router";
import { CircleCheck, TriangleAlert } from "lucide-react";
import type { Dashboard } from "../../api/types";
import { addDays, dayLabel, instantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { buttonClass } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Popover } from "../../ui/Popover";

const NAMES: Record<string, string> = {
  shopify: "Shopify",
  meta_ads: "Meta Ads",
  google_ads: "Google Ads",
  tiktok_ads: "TikTok Ads",
  file: "Order files",
};

/** Local day of an instant in the brand's zone, as ISO text. */
function localDay(instant: string, zone: string): string {
  if (!instant.includes("T")) return instant.slice(0, 10);
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(instant));
}

/** How far the figures reach; amber when the range asks for days after that. */
export function Freshness({ data }: { data: Dashboard }) {
  const { data_through, sources } = data.freshness;
  if (!data_through) return null;
  const zone = data.window.timezone;
  const day = localDay(data_through, zone);
  const stale = day < addDays(data.window.end, -1);
  const when = data_through.includes("T") ? instantLabel(data_through, zone) : dayLabel(day);
  const Icon = stale ? TriangleAlert : CircleCheck;
  return (
    <Popover
      title={t.dashboard.sources}
      className="w-80 p-4 text-sm"
      trigger={
        <button
          type="button"
          data-testid={stale ? "state-stale" : "freshness"}
          title={stale ? t.dashboard.stale(dayLabel(day)) : undefined}
          className={buttonClass("ghost", cx("px-2 text-xs font-normal", stale && "text-warn hover:text-warn"))}
        >
          <Icon className={cx("size-3.5 shrink-0", !stale && "text-good")} aria-hidden="true" />
          {t.dashboard.dataTo(when)}
        </button>
      }
    >
      <p className="font-semibold">{t.dashboard.sources}</p>
      {stale && <p className="mt-1.5 text-xs text-warn">{t.dashboard.stale(dayLabel(day))}</p>}
      <dl className="mt-2 flex flex-col gap-2">
        {sources.map((source) => (
          <div key={`${source.connector}${source.kind}`}>
            <dt className="text-xs font-medium">
              {NAMES[source.connector] ?? source.connector}
              <span className="font-normal text-ink-mute"> · {source.kind.replaceAll("_", " ")}</span>
            </dt>
            <dd className="text-xs text-ink-mute">
              {source.data_through &&
                t.dashboard.sourceLine(
                  source.data_through.includes("T")
                    ? instantLabel(source.data_through, zone)
                    : dayLabel(source.data_through),
                  source.landed_at ? instantLabel(source.landed_at) : "–",
                )}
            </dd>
          </div>
        ))}
      </dl>
      {sources.length === 0 && <p className="mt-2 text-xs text-ink-mute">{t.dashboard.noSources}</p>}
      <Link
        to="/b/$brand/integrations"
        params={{ brand: data.brand.slug }}
        className="tap mt-3 inline-flex items-center text-xs font-medium text-accent underline underline-offset-2"
      >
        {t.dashboard.toIntegrations}
      </Link>
    </Popover>
  );
}
