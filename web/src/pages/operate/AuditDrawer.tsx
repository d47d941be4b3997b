import { type ReactNode, useRef } from "react";
import type { AuditEntry } from "../../api/types";
import { longInstantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { audit } from "../../messages/operate";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog } from "../../ui/Dialog";
import { Result } from "./Audit";
import { actorKey, whatHappened, whoDid } from "./entry";
import type { AuditSearch } from "./search";

interface Props {
  entry: AuditEntry | null;
  onClose: () => void;
  onNarrow: (change: AuditSearch) => void;
}

/** Everything that one entry says. */
export function AuditDrawer({ entry, onClose, onNarrow }: Props) {
  // What was shown last stays in the drawer while it closes.
  const shown = useRef(entry);
  if (entry) shown.current = entry;
  const one = shown.current;
  if (!one) return null;
  const [what, who] = [whatHappened(one.kind), whoDid(one.actor)];
  const details = Object.entries((one.data ?? {}) as Record<string, unknown>);
  return (
    <Dialog
      drawer
      open={entry !== null}
      onOpenChange={(open) => !open && onClose()}
      title={what}
      lead={longInstantLabel(one.at, true)}
    >
      <dl className="flex flex-col divide-y divide-line text-sm">
        <Line name={audit.result}>
          <Result result={one.result} />
        </Line>
        <Line name={audit.who}>
          {who}
          {one.actor.id && <Code text={actorKey(one.actor)} />}
        </Line>
        <Line name={audit.what}>
          <Code text={one.kind} />
        </Line>
        {one.subject && (
          <Line name={audit.subject}>
            <Code text={one.subject} />
          </Line>
        )}
        <Line name={audit.address}>{one.ip ? <Code text={one.ip} /> : audit.noAddress}</Line>
        {one.request_id && (
          <Line name={audit.request}>
            <Code text={one.request_id} />
          </Line>
        )}
        <Line name={audit.place}>{one.seq}</Line>
      </dl>
      <h3 className="mt-4 mb-1 text-xs font-medium text-ink-mute">{audit.details}</h3>
      {details.length === 0 && <p className="text-sm text-ink-mute">{audit.noDetails}</p>}
      <dl className="flex flex-col divide-y divide-line text-sm" data-testid="audit-details">
        {details.map(([name, value]) => (
          <Line key={name} name={name.replaceAll("_", " ")}>
            {typeof value === "string" ? value : JSON.stringify(value)}
          </Line>
        ))}
      </dl>
      <div className="mt-5 flex flex-wrap gap-2">
        <Button onClick={() => onNarrow({ kind: one.kind })}>{audit.only(what)}</Button>
        <Button onClick={() => onNarrow({ actor: actorKey(one.actor) })}>{audit.only(who)}</Button>
      </div>
    </Dialog>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[7rem_minmax(0,1fr)] gap-3 py-2">
      <dt className="text-ink-mute">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}

function Code({ text }: { text: string }) {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 py-0.5 font-mono text-xs break-all">{text}</code>
      <CopyButton text={text} label={`${t.copy} ${text}`} />
    </span>
  );
}
