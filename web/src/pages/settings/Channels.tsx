/** Which channel a visit counts in: the usual rules, or a brand's own. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Brand, ChannelRule, ChannelRules, ChannelTried } from "../../api/types";
import { t } from "../../messages/en";
import { channels as words } from "../../messages/sites";
import { announce } from "../../ui/announce";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { EditRule } from "./EditRule";
import { buttonId, RuleList } from "./RuleList";
import { channelsOf, moved, type Row, ruleOf, whole } from "./rules";
import { TryAddress } from "./TryAddress";

export function Channels({ brand }: { brand: Brand }) {
  const rules = useQuery({
    queryKey: ["channels", brand.slug],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/channels", { params: { path: { brand: brand.slug } }, signal })),
  });
  return (
    <Card title={words.title} lead={words.lead}>
      {rules.isPending && <LoadingRows />}
      {rules.isError && <Failed problem={asProblem(rules.error)} onRetry={() => void rules.refetch()} />}
      {/* What is edited gives way only to rules that are others. */}
      {rules.data && <Edit key={JSON.stringify(rules.data)} brand={brand} kept={rules.data} />}
    </Card>
  );
}

interface Input {
  otherwise?: string;
  rules?: ChannelRule[];
}

/** Saves rules, or takes the usual ones again where the input has none. */
function useSave(brand: Brand, onRefused: (refused: Refused) => void) {
  return useMutation({
    mutationFn: (input: Input) =>
      body(api.PUT("/api/brands/{brand}/channels", { params: { path: { brand: brand.slug } }, body: input })),
    onSuccess: async () => {
      toast(words.saved);
      await queryClient.invalidateQueries();
    },
    onError: (error) => {
      const problem = asProblem(error);
      const at = ruleOf(problem.field);
      onRefused({ at, otherwise: problem.field === "otherwise", message: problem.message });
    },
  });
}

interface Refused {
  at: number | null;
  otherwise: boolean;
  message: string;
}

function Edit({ brand, kept }: { brand: Brand; kept: ChannelRules }) {
  const numbered = (): Row[] => kept.rules.map((rule, key) => ({ key, rule: whole(rule) }));
  const [rows, setRows] = useState(numbered);
  const [otherwise, setOtherwise] = useState(kept.otherwise);
  const [editing, setEditing] = useState<number | "new" | null>(null);
  const [resetting, setResetting] = useState(false);
  const [told, setTold] = useState<ChannelTried | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const next = useRef(kept.rules.length);
  const focus = useRef<string[]>([]);
  const save = useSave(brand, setRefused);
  const rules = rows.map((row) => row.rule);
  const changed = otherwise !== kept.otherwise || JSON.stringify(rules) !== JSON.stringify(kept.rules.map(whole));
  // What was moved keeps the focus; at either end its other button has it.
  useLayoutEffect(() => {
    const found = focus.current.map((id) => document.getElementById(id));
    focus.current = [];
    found.find((button) => button?.matches(":enabled"))?.focus();
  });
  const change = (to: Row[]) => {
    setRows(to);
    setTold(null);
    setRefused(null);
  };
  const move = (from: number, to: number) => {
    const key = rows[from]?.key ?? -1;
    const way = to < from ? (["up", "down"] as const) : (["down", "up"] as const);
    focus.current = way.map((what) => buttonId(key, what));
    change(moved(rows, from, to));
    announce(words.movedTo(to + 1));
  };
  const remove = (at: number) => {
    const near = rows[at + 1] ?? rows[at - 1];
    focus.current = near ? [buttonId(near.key, "remove")] : [];
    change(rows.filter((_, other) => other !== at));
    announce(words.removedOne(at + 1));
  };
  const done = (rule: ChannelRule) => {
    if (editing === "new") change([{ key: next.current++, rule }, ...rows]);
    else change(rows.map((row, at) => (at === editing ? { ...row, rule } : row)));
    setEditing(null);
  };
  const discard = () => {
    change(numbered());
    setOtherwise(kept.otherwise);
  };
  const edited = typeof editing === "number" ? (rows[editing]?.rule ?? null) : null;
  return (
    <div className="flex flex-col gap-4 px-4 pt-2 pb-5 sm:px-5">
      <TryAddress brand={brand} rules={rules} otherwise={otherwise} told={told} onTold={setTold} />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-sm text-ink-mute">{kept.own ? words.own : words.usual}</p>
        <Button onClick={() => setEditing("new")}>
          <Plus className="size-4" aria-hidden="true" />
          {words.add}
        </Button>
      </div>
      <RuleList
        rows={rows}
        decided={told?.rule ?? null}
        refused={refused?.at == null ? null : { at: refused.at, message: refused.message }}
        onMove={move}
        onEdit={setEditing}
        onRemove={remove}
      />
      <TextField
        label={words.otherwise}
        help={words.otherwiseHelp}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="max-w-60"
        value={otherwise}
        error={refused?.otherwise ? refused.message : undefined}
        onChange={(event) => {
          setOtherwise(event.target.value);
          setTold(null);
        }}
      />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {refused && refused.at === null && !refused.otherwise ? refused.message : null}
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Button
          look="primary"
          disabled={!changed || save.isPending}
          onClick={() => save.mutate({ otherwise: otherwise.trim(), rules })}
        >
          {t.save}
        </Button>
        <Button disabled={!changed || save.isPending} onClick={discard}>
          {words.discard}
        </Button>
        {kept.own && (
          <Button look="ghost" disabled={save.isPending} onClick={() => setResetting(true)}>
            {words.back}
          </Button>
        )}
        {changed && <p className="text-xs text-ink-mute">{words.unsaved}</p>}
      </div>
      <EditRule
        open={editing !== null}
        rule={edited}
        known={channelsOf(rows, otherwise)}
        onDone={done}
        onCancel={() => setEditing(null)}
      />
      <Confirm
        open={resetting}
        onOpenChange={setResetting}
        title={words.backQuestion}
        lead={words.backText}
        action={words.back}
        busy={save.isPending}
        onConfirm={() => save.mutate({}, { onSettled: () => setResetting(false) })}
      />
    </div>
  );
}
