import type { ComponentProps } from "react";
import { cx } from "./cx";

type Look = "primary" | "outline" | "ghost" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong disabled:bg-sunken disabled:text-ink-mute",
  outline: "border border-line bg-surface text-ink hover:bg-sunken disabled:text-ink-mute",
  ghost: "text-ink-soft hover:bg-sunken hover:text-ink disabled:text-ink-mute",
  danger: "border border-danger text-danger hover:bg-danger-soft disabled:border-line disabled:text-ink-mute",
};

/** Class names of a button, for links and triggers that look like one. */
export function buttonClass(look: Look = "outline", extra?: string): string {
  return cx(
    "tap inline-flex h-9 shrink-0 items-center justify-center gap-2 rounded-lg px-3 text-sm font-medium whitespace-nowrap transition-colors duration-100 select-none",
    LOOKS[look],
    extra,
  );
}

export function Button({ look, className, type = "button", ...props }: ComponentProps<"button"> & { look?: Look }) {
  return <button type={type} className={buttonClass(look, className)} {...props} />;
}

/** A square button with an icon; the name is spoken and shown on hover. */
export function IconButton({
  label,
  small,
  className,
  type = "button",
  ...props
}: ComponentProps<"button"> & { label: string; small?: boolean }) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(
        "tap inline-flex shrink-0 items-center justify-center rounded-lg text-ink-mute transition-colors duration-100 hover:bg-sunken hover:text-ink disabled:opacity-50",
        small ? "size-6" : "size-8",
        className,
      )}
      {...props}
    />
  );
}
