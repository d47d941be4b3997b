/** How a source and its state look: never by colour alone. */
import {
  ChartNoAxesColumn,
  CircleAlert,
  CircleCheck,
  CirclePause,
  Clock,
  CloudOff,
  LoaderCircle,
  Lock,
  Infinity as Loop,
  type LucideIcon,
  Music2,
  Plug,
  ShoppingBag,
  TriangleAlert,
} from "lucide-react";
import type { ConnState, Integration, SourceName, Stream } from "../../api/integrations";
import { formatFigure } from "../../format/number";
import { integrations } from "../../messages/integrations";

export const SOURCES = ["shopify", "meta_ads", "tiktok_ads", "google_ads"] as const satisfies SourceName[];

export const MARKS: Record<SourceName, LucideIcon> = {
  shopify: ShoppingBag,
  meta_ads: Loop,
  tiktok_ads: Music2,
  google_ads: ChartNoAxesColumn,
};

export type ShownState = ConnState | "not_connected" | "needs_internet";

export const LOOKS: Record<ShownState, { icon: LucideIcon; colour: string; spins?: boolean }> = {
  not_connected: { icon: Plug, colour: "text-ink-mute" },
  needs_internet: { icon: CloudOff, colour: "text-warn" },
  connecting: { icon: LoaderCircle, colour: "text-accent", spins: true },
  backfilling: { icon: LoaderCircle, colour: "text-accent", spins: true },
  healthy: { icon: CircleCheck, colour: "text-good" },
  degraded: { icon: TriangleAlert, colour: "text-warn" },
  needs_sign_in: { icon: CircleAlert, colour: "text-danger" },
  paused: { icon: CirclePause, colour: "text-ink-mute" },
};

/** Which account of the platform: by its name there, until that is known by what was typed. */
export const accountOf = ({ account, settings }: Integration): string | null =>
  account || (typeof settings.shop === "string" ? settings.shop : null);

/** Whether the platform does not let us read some of its streams. */
export const isBlocked = (one: Integration) => one.streams.some((stream) => stream.state === "blocked");

export const STREAM_LOOKS: Record<Stream["state"], { icon: LucideIcon; colour: string; spins?: boolean }> = {
  waiting: { icon: Clock, colour: "text-ink-mute" },
  backfilling: { icon: LoaderCircle, colour: "text-accent", spins: true },
  healthy: { icon: CircleCheck, colour: "text-good" },
  degraded: { icon: TriangleAlert, colour: "text-warn" },
  blocked: { icon: Lock, colour: "text-danger" },
};

/** What a person calls it: the platform, and which account of it. */
export function nameOf(one: Integration): string {
  const label = integrations.sources[one.source];
  const account = accountOf(one);
  return account ? `${label}, ${account}` : label;
}

/** How much of a stream's first pass is done; null where that cannot be told. */
export function streamShare(stream: Stream): number | null {
  if (stream.cursor !== null) return 1;
  const { progress } = stream;
  return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
}

/** As a person reads it: a share, a count where the whole is not known, else only that it goes on. */
export function soFar(stream: Stream): string {
  const share = streamShare(stream);
  if (share !== null) return integrations.percent(share);
  const done = stream.progress?.done ?? 0;
  return done > 0 ? formatFigure(done, { unit: "count", compact: true }) : integrations.justBegun;
}

/** The same of a whole integration; what has not begun counts as nothing done. */
export function shareOf(streams: Stream[]): number | null {
  const shares = streams.map(streamShare);
  if (shares.every((share) => share === null)) return null;
  return shares.reduce<number>((sum, share) => sum + (share ?? 0), 0) / streams.length;
}

export const rowsOf = (streams: Stream[]) => streams.reduce((sum, stream) => sum + stream.rows, 0);
