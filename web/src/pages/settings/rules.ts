/** Channel rules while somebody edits them. */
import type { ChannelRule } from "../../api/types";

export const CONDITIONS = ["source", "medium", "campaign", "click_id", "referrer"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** A rule with every condition, of which some are empty. The server leaves those out. */
export function whole(rule: Partial<ChannelRule>): ChannelRule {
  return { channel: "", source: [], medium: [], campaign: [], click_id: [], referrer: [], ...rule };
}

/** A rule with a name of its own, so that it stays itself wherever it is moved. */
export interface Row {
  key: number;
  rule: ChannelRule;
}

/** What a textarea holds, one pattern a line, as the server keeps it. */
export function patterns(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim().toLowerCase());
  return [...new Set(lines.filter(Boolean))];
}

/** The list with one of its things at another place; the list itself where there is no such place. */
export function moved<T>(list: T[], from: number, to: number): T[] {
  const one = list[from];
  if (one === undefined || to < 0 || to >= list.length) return list;
  const rest = list.filter((_, at) => at !== from);
  return [...rest.slice(0, to), one, ...rest.slice(to)];
}

/** Which rule an answer means: `rules[3].source` is the fourth. */
export function ruleOf(field: string | null | undefined): number | null {
  const at = /^rules\[(\d+)\]/.exec(field ?? "")?.[1];
  return at === undefined ? null : Number(at);
}

/** Every channel that the rules name, each once, by name. */
export function channelsOf(rows: Row[], otherwise: string): string[] {
  return [...new Set([...rows.map((row) => row.rule.channel), otherwise])].filter(Boolean).sort();
}
