/** An entry of the audit log in words. */
import type { AuditEntry } from "../../api/types";
import { audit } from "../../messages/operate";

/** `user.signed_out` in words, also where this page does not know it yet. */
export function whatHappened(kind: string): string {
  const known = audit.kinds[kind];
  if (known) return known;
  const words = kind.replaceAll(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

type Actor = AuditEntry["actor"];

export function whoDid(actor: Actor): string {
  return actor.name ?? audit.actors[actor.kind] ?? actor.kind;
}

/** As the filter takes it. */
export function actorKey(actor: Actor): string {
  return actor.id ? `${actor.kind}:${actor.id}` : actor.kind;
}
