/** Channel rules in the order in which they are tried, each with what can be done to it. */
import { ArrowDown, ArrowRight, ArrowUp, Ellipsis, Pencil, Trash2 } from "lucide-react";
import type { ChannelRule } from "../../api/types";
import { t } from "../../messages/en";
import { channels as words } from "../../messages/sites";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Menu } from "../../ui/Menu";
import { CONDITIONS, type Row } from "./rules";

/** Patterns of one condition that a row shows; the others are counted. */
const SHOWN = 6;

export interface RuleActions {
  onMove: (from: number, to: number) => void;
  onEdit: (at: number) => void;
  onRemove: (at: number) => void;
}

interface Props extends RuleActions {
  rows: Row[];
  /** Place of the rule that decided the last trial. */
  decided: number | null;
  /** Place of a rule that the server refused, and why. */
  refused: { at: number; message: string } | null;
}

/** The name of a button, by which the focus finds it after a move. */
export const buttonId = (key: number, what: "up" | "down" | "edit" | "remove") => `rule-${key}-${what}`;

export const channelName = (name: string) => t.dashboard.channelNames[name] ?? words.names[name] ?? name;

export function RuleList({ rows, decided, refused, ...actions }: Props) {
  return (
    <ol aria-label={words.rules} className="divide-y divide-line rounded-lg border border-line" data-testid="rules">
      {rows.map((row, at) => (
        <li
          key={row.key}
          data-decided={decided === at || undefined}
          className={cx("flex gap-3 py-2 pr-1.5 pl-3", decided === at && "bg-accent-soft")}
        >
          <span className="w-5 shrink-0 pt-1.5 text-right text-xs text-ink-mute">{at + 1}</span>
          <div className="flex min-w-0 flex-1 flex-col gap-x-4 gap-y-1 py-1 sm:flex-row sm:items-start">
            <Conditions rule={row.rule} />
            <p className="flex shrink-0 items-center gap-2 sm:w-32">
              <ArrowRight className="size-3.5 shrink-0 text-ink-mute" aria-hidden="true" />
              <span className="sr-only">{words.becomes}</span>
              <span className="truncate text-sm font-medium">{channelName(row.rule.channel)}</span>
            </p>
            {refused?.at === at && (
              <p role="alert" className="basis-full text-xs text-danger">
                {refused.message}
              </p>
            )}
          </div>
          <Actions row={row} at={at} last={rows.length - 1} {...actions} />
        </li>
      ))}
      {rows.length === 0 && <li className="px-3 py-3 text-sm text-ink-mute">{words.none}</li>}
    </ol>
  );
}

function Conditions({ rule }: { rule: ChannelRule }) {
  return (
    <dl className="flex min-w-0 flex-1 flex-col gap-1">
      {CONDITIONS.filter((name) => rule[name].length).map((name) => {
        const all = rule[name];
        return (
          <div key={name} className="flex min-w-0 gap-2">
            <dt className="w-16 shrink-0 py-0.5 text-xs text-ink-mute">{words.conditions[name]}</dt>
            <dd className="flex min-w-0 flex-wrap gap-1">
              {all.slice(0, SHOWN).map((pattern) => (
                <code
                  key={pattern}
                  className="max-w-full truncate rounded bg-sunken px-1.5 py-0.5 text-xs text-ink-soft"
                >
                  {pattern}
                </code>
              ))}
              {all.length > SHOWN && (
                <span className="py-0.5 text-xs text-ink-mute">{words.more(all.length - SHOWN)}</span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Actions({ row, at, last, onMove, onEdit, onRemove }: RuleActions & { row: Row; at: number; last: number }) {
  const names = words.of(at + 1);
  const icon = "size-4";
  return (
    <>
      <div className="hidden shrink-0 items-start sm:flex">
        <IconButton
          id={buttonId(row.key, "up")}
          label={names.up}
          disabled={at === 0}
          onClick={() => onMove(at, at - 1)}
        >
          <ArrowUp className={icon} aria-hidden="true" />
        </IconButton>
        <IconButton
          id={buttonId(row.key, "down")}
          label={names.down}
          disabled={at === last}
          onClick={() => onMove(at, at + 1)}
        >
          <ArrowDown className={icon} aria-hidden="true" />
        </IconButton>
        <IconButton id={buttonId(row.key, "edit")} label={names.edit} onClick={() => onEdit(at)}>
          <Pencil className={icon} aria-hidden="true" />
        </IconButton>
        <IconButton id={buttonId(row.key, "remove")} label={names.remove} onClick={() => onRemove(at)}>
          <Trash2 className={icon} aria-hidden="true" />
        </IconButton>
      </div>
      <div className="shrink-0 sm:hidden">
        <Menu
          align="end"
          trigger={
            <IconButton label={names.all}>
              <Ellipsis className={icon} aria-hidden="true" />
            </IconButton>
          }
          items={[
            ...(at > 0 ? [{ id: "up", label: words.moveUp, run: () => onMove(at, at - 1) }] : []),
            ...(at < last ? [{ id: "down", label: words.moveDown, run: () => onMove(at, at + 1) }] : []),
            { id: "edit", label: words.edit, run: () => onEdit(at) },
            { id: "remove", label: words.remove, apart: true, run: () => onRemove(at) },
          ]}
        />
      </div>
    </>
  );
}
