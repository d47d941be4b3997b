import type { ComponentProps, ReactNode } from "react";
import { useId } from "react";
import { cx } from "./cx";

interface Frame {
  label: string;
  help?: ReactNode;
  error?: string | null;
}

function Framed({ label, help, error, children }: Frame & { children: (ids: Ids) => ReactNode }) {
  const id = useId();
  const described = [error && `${id}-error`, help && `${id}-help`].filter(Boolean).join(" ") || undefined;
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium text-ink">
        {label}
      </label>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined })}
      {error && (
        <p id={`${id}-error`} className="text-xs text-danger">
          {error}
        </p>
      )}
      {help && (
        <p id={`${id}-help`} className="text-xs text-ink-mute">
          {help}
        </p>
      )}
    </div>
  );
}

interface Ids {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

export function TextField({
  label,
  help,
  error,
  className,
  after,
  ...props
}: ComponentProps<"input"> & Frame & { after?: ReactNode }) {
  return (
    <Framed label={label} help={help} error={error}>
      {(ids) => (
        <div className="relative">
          <input {...ids} className={cx("field", after ? "pr-11" : "", className)} {...props} />
          {after && <div className="absolute inset-y-0 right-0.5 flex items-center">{after}</div>}
        </div>
      )}
    </Framed>
  );
}

export function SelectField({ label, help, error, className, children, ...props }: ComponentProps<"select"> & Frame) {
  return (
    <Framed label={label} help={help} error={error}>
      {(ids) => (
        <select {...ids} className={cx("field", className)} {...props}>
          {children}
        </select>
      )}
    </Framed>
  );
}

/** A switch for something that is on or off at once. */
export function Switch({
  label,
  help,
  checked,
  onChange,
}: Frame & { checked: boolean; onChange: (on: boolean) => void }) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="min-w-0">
        <span id={id} className="text-sm font-medium">
          {label}
        </span>
        {help && <p className="mt-0.5 text-xs text-ink-mute">{help}</p>}
      </div>
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-labelledby={id}
        onClick={() => onChange(!checked)}
        className="tap flex h-6 shrink-0 items-center"
      >
        <span
          className={cx(
            "flex h-6 w-10 items-center rounded-full border p-0.5 transition-colors",
            checked ? "border-accent bg-accent" : "border-line-strong bg-sunken",
          )}
        >
          <span
            className={cx(
              "size-4.5 rounded-full transition-transform",
              checked ? "translate-x-4 bg-on-accent" : "bg-line-strong",
            )}
          />
        </span>
      </button>
    </div>
  );
}

interface Choice<T extends string> {
  value: T;
  label: string;
}

/** A few exclusive choices side by side; arrow keys move, as in any group of radio buttons. */
export function Segmented<T extends string>({
  label,
  value,
  choices,
  onChange,
  className,
}: {
  label: string;
  value: T;
  choices: Choice<T>[];
  onChange: (value: T) => void;
  className?: string;
}) {
  const name = useId();
  return (
    <fieldset className={cx("flex rounded-lg border border-line bg-sunken p-0.5", className)}>
      <legend className="sr-only">{label}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={cx(
            "tap relative flex h-7 flex-1 cursor-pointer items-center justify-center rounded-md px-2.5 text-xs font-medium whitespace-nowrap transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent",
            choice.value === value ? "bg-surface text-ink shadow-lift" : "text-ink-soft hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
            className="absolute inset-0 cursor-pointer opacity-0"
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}
