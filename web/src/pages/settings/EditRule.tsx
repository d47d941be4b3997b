/** One channel rule in a window: what must fit, and which channel it is then. */
import { type ComponentProps, useId } from "react";
import { useForm } from "react-hook-form";
import type { ChannelRule } from "../../api/types";
import { channels as words } from "../../messages/sites";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { CONDITIONS, type Condition, patterns, whole } from "./rules";

type Values = Record<Condition | "channel", string>;

interface Props {
  /** The rule to be edited; without one it is a new one. */
  rule: ChannelRule | null;
  known: string[];
  onDone: (rule: ChannelRule) => void;
  onCancel: () => void;
}

export function EditRule({ open, ...props }: Props & { open: boolean }) {
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && props.onCancel()}
      title={props.rule ? words.edit : words.add}
      lead={props.rule ? words.editLead : words.addLead}
    >
      <Fields {...props} />
    </Dialog>
  );
}

function Fields({ rule, known, onDone, onCancel }: Props) {
  const list = useId();
  const text = (condition: Condition) => rule?.[condition]?.join("\n") ?? "";
  const { register, handleSubmit, setError, formState } = useForm<Values>({
    defaultValues: {
      channel: rule?.channel ?? "",
      source: text("source"),
      medium: text("medium"),
      campaign: text("campaign"),
      click_id: text("click_id"),
      referrer: text("referrer"),
    },
  });
  const { errors } = formState;
  const submit = handleSubmit((values) => {
    const read = CONDITIONS.map((name) => [name, patterns(values[name])] as const).filter(([, all]) => all.length > 0);
    if (read.length === 0) return setError("root", { message: words.noCondition });
    onDone(whole({ channel: values.channel.trim().toLowerCase(), ...Object.fromEntries(read) }));
  });
  return (
    <Form onSubmit={submit} onCancel={onCancel} action={words.apply} error={errors.root?.message}>
      <TextField
        label={words.channel}
        help={words.channelHelp}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        list={list}
        error={errors.channel?.message}
        {...register("channel", { validate: (name) => /^\s*[a-z0-9_-]{1,40}\s*$/i.test(name) || words.channelHelp })}
      />
      <datalist id={list}>
        {known.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {CONDITIONS.map((name) => (
        <Lines key={name} label={words.conditions[name]} help={words.conditionHelp[name]} {...register(name)} />
      ))}
      <p className="text-xs text-ink-mute">{words.patterns}</p>
    </Form>
  );
}

/** A few lines that grow with what is typed. */
function Lines({ label, help, ...props }: ComponentProps<"textarea"> & { label: string; help: string }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium text-ink">
        {label}
      </label>
      <textarea
        id={id}
        rows={1}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        aria-describedby={`${id}-help`}
        className="field-sizing-content max-h-40 min-h-9 w-full resize-none rounded-lg border border-line-strong bg-surface px-2.5 py-1.5 font-mono text-xs leading-5 text-ink pointer-coarse:min-h-11 pointer-coarse:text-base"
        {...props}
      />
      <p id={`${id}-help`} className="text-xs text-ink-mute">
        {help}
      </p>
    </div>
  );
}
