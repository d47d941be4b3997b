import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type Integration, type Reject, rejectsQuery } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { instantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { integrations } from "../../messages/integrations";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton } from "../../ui/CopyButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { ScrollBox } from "../../ui/ScrollBox";
import { Failed, LoadingRows } from "../../ui/States";

/** What a platform sent that could not be understood, with the reason and the text. */
export function Rejects({ one }: { one: Integration }) {
  const query = useQuery(rejectsQuery(one.id));
  const [shown, setShown] = useState<Reject | null>(null);
  const rejects = query.data ?? [];
  const labels = new Map(one.streams.map((stream) => [stream.name, stream.label]));
  return (
    <Card title={integrations.dead} lead={integrations.deadLead} className="overflow-hidden" testId="rejects">
      {query.isPending && <LoadingRows rows={2} />}
      {query.isError && <Failed problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {query.isSuccess && rejects.length === 0 && (
        <p className="px-4 pt-1 pb-4 text-sm text-ink-soft sm:px-5">{integrations.deadNone}</p>
      )}
      {rejects.length > 0 && (
        <DataTable
          id="rejects"
          label={integrations.dead}
          columns={columns(labels, setShown)}
          rows={rejects}
          rowId={(reject) => `${reject.stream} ${reject.key}`}
        />
      )}
      <Text reject={shown} onClose={() => setShown(null)} />
    </Card>
  );
}

function Text({ reject, onClose }: { reject: Reject | null; onClose: () => void }) {
  // What was shown last stays in the window while it closes.
  const last = useRef(reject);
  if (reject) last.current = reject;
  const one = last.current;
  if (!one) return null;
  return (
    <Dialog
      drawer
      open={reject !== null}
      onOpenChange={(open) => !open && onClose()}
      title={integrations.textOf(one.key)}
      lead={one.reason}
    >
      <div className="flex items-center justify-between gap-2 pb-1 text-xs text-ink-mute">
        <span>{integrations.met(one.times, instantLabel(one.first_at), instantLabel(one.last_at))}</span>
        <CopyButton text={one.text} label={`${t.copy}: ${integrations.textOf(one.key)}`} />
      </div>
      <ScrollBox label={integrations.textOf(one.key)} className="rounded-lg border border-line bg-sunken">
        <pre className="p-3 font-mono text-xs leading-5 break-all whitespace-pre-wrap">{pretty(one.text)}</pre>
      </ScrollBox>
    </Dialog>
  );
}

/** JSON with its structure to be seen; anything else as it came. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function columns(labels: Map<string, string>, onShow: (reject: Reject) => void): Column<Reject>[] {
  return [
    {
      id: "key",
      header: integrations.key,
      left: true,
      cell: (reject) => (
        <span className="block">
          <code title={reject.key} className="block truncate font-mono text-xs">
            {reject.key}
          </code>
          <span className="block truncate text-xs text-ink-mute">{labels.get(reject.stream) ?? reject.stream}</span>
        </span>
      ),
    },
    {
      id: "reason",
      header: integrations.reason,
      left: true,
      cell: (reject) => <span className="block max-w-96 min-w-52 text-xs whitespace-normal">{reject.reason}</span>,
    },
    { id: "times", header: integrations.times, sort: (reject) => reject.times, cell: (reject) => reject.times },
    {
      id: "when",
      header: integrations.when,
      sort: (reject) => reject.last_at,
      cell: (reject) => <span className="text-ink-mute">{instantLabel(reject.last_at)}</span>,
    },
    {
      id: "show",
      header: integrations.show,
      hidden: true,
      cell: (reject) => (
        <Button look="ghost" aria-label={integrations.showOf(reject.key)} onClick={() => onShow(reject)}>
          {integrations.show}
        </Button>
      ),
    },
  ];
}
