/** What the address of the audit log says, and what is asked of the API for it. */
import * as v from "valibot";
import type { AuditParams } from "../../api/queries";
import type { AuditEntry } from "../../api/types";
import { addDays, dayBegins, isDay } from "../../format/date";
import { t } from "../../messages/en";

const day = v.pipe(v.string(), v.check(isDay));
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
  const read = (key: keyof typeof FIELDS) => {
    const parsed = v.safeParse(FIELDS[key], raw[key]);
    return [key, parsed.success ? parsed.output : undefined];
  };
  return Object.fromEntries((Object.keys(FIELDS) as (keyof typeof FIELDS)[]).map(read));
}

/** Days are the person's own; the API wants instants, the end not counted. */
export function auditParams({ kind, actor, result, from, to }: AuditSearch): AuditParams {
  return {
    ...(kind && { kind }),
    ...(actor && { actor }),
    ...(result && { result }),
    ...(from && { from: dayBegins(from) }),
    ...(to && { to: dayBegins(addDays(to, 1)) }),
  };
}

/** `user.signed_out` in words, also where this page does not know it yet. */
export function whatHappened(kind: string): string {
  const known = t.audit.kinds[kind];
  if (known) return known;
  const words = kind.replaceAll(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Actor = AuditEntry["actor"];

export function whoDid(actor: Actor): string {
  return actor.name ?? t.audit.actors[actor.kind] ?? actor.kind;
}

/** As the filter takes it. */
export function actorKey(actor: Actor): string {
  return actor.id ? `${actor.kind}:${actor.id}` : actor.kind;
}
