import { CircleCheck } from "lucide-react";
import type { Stream } from "../../api/integrations";
import { dayLabel } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { cx } from "../../ui/cx";
import { Progress } from "../../ui/Progress";
import { soFar, streamShare } from "./looks";

/** The first sync stream by stream, for each is of use as soon as it is there. */
export function StreamLines({ streams }: { streams: Stream[] }) {
  return (
    <div>
      <ul className="flex flex-col gap-1.5 text-xs">
        {streams.map((stream) => {
          const share = streamShare(stream);
          const reads = stream.state === "backfilling";
          return (
            <li key={stream.name} className="grid grid-cols-[minmax(0,9rem)_minmax(0,1fr)_4.5rem] items-center gap-3">
              <span className="min-w-0">
                <span className="block truncate">{stream.label}</span>
                {reads && stream.oldest && (
                  <span className="block truncate text-ink-mute">{integrations.backTo(dayLabel(stream.oldest))}</span>
                )}
              </span>
              {reads ? (
                <Progress label={integrations.streamProgress(stream.label)} share={share} />
              ) : (
                <span className={cx("h-1.5 rounded-full", share === 1 ? "bg-accent" : "bg-sunken")} />
              )}
              <span className="flex items-center justify-end gap-1 text-ink-mute">
                {stream.state === "healthy" && <CircleCheck className="size-3.5 text-good" aria-hidden="true" />}
                {reads ? soFar(stream) : integrations.streamStates[stream.state]}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="mt-2.5 text-xs text-ink-mute">{integrations.oneByOne}</p>
    </div>
  );
}
