import { attribution } from "../../messages/attribution";
import { t } from "../../messages/en";

/** A channel as people call it; one that nobody named here as it is. */
export function nameOf(channel: string): string {
  return channel === "unattributed" ? attribution.unattributed : (t.dashboard.channelNames[channel] ?? channel);
}
