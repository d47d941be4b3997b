/** What the address of the audit log says, and what is asked of the API for it. */
import * as v from "valibot";
import type { AuditParams } from "../../api/records";
import type { AuditEntry } from "../../api/types";
import { addDays, dayBegins, isDay } from "../../format/date";

const day = v.pipe(
  v.string(),
  v.check((text) => isDay(text)),
);
const name = v.pipe(v.string(), v.regex(/^[\w.:-]{1,80}$/));

const FIELDS = {
  kind: name,
  actor: name,
  result: v.picklist(["done", "denied", "failed"] as const),
  from: day,
  to: day,
} as const;

export interface AuditSearch {
  /** What happened (`user.created`), or to what kind of thing (`user`). */
  kind?: string;
  /** Who (`user:<id>`), or of which kind (`key`). */
  actor?: string;
  result?: AuditEntry["result"];
  from?: string;
  /** The last day that is wanted. */
  to?: string;
}

/** For the router: what makes no sense is named as absent. */
export function auditSearch(raw: Record<string, unknown>): AuditSearch {
  const read = Object.entries(FIELDS).map(([key, schema]) => {
    const parsed = v.safeParse(schema, raw[key]);
    return [key, parsed.success ? parsed.output : undefined];
  });
  return Object.fromEntries(read) as AuditSearch;
}

/** Days are the person's own; the API wants instants, the end not counted. */
export function auditParams({ kind, actor, result, from, to }: AuditSearch) {
  return {
    ...(kind && { kind }),
    ...(actor && { actor }),
    ...(result && { result }),
    ...(from && { from: dayBegins(from) }),
    ...(to && { to: dayBegins(addDays(to, 1)) }),
  } satisfies AuditParams;
}
