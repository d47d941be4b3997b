import { t } from "../../messages/en";

/** A channel as people call it; one that nobody named here as it is. */
export function nameOf(channel: string): string {
  return t.dashboard.channelNames[channel] ?? channel;
}
