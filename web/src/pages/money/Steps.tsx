/** The lines of a walk: an amount with what is behind it, and what is left over at the end. */
import { CircleAlert, CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { money } from "../../messages/money";
import { cx } from "../../ui/cx";

const words = money.bridge;

export const isZero = (text: string) => Number(text) === 0;

/** Opens what is behind a step. */
export function Opener({ step, label, onOpen }: { step: string; label: string; onOpen: () => void }) {
  return (
    <button
      type="button"
      aria-label={words.show(label, step)}
      onClick={onOpen}
      className="tap rounded text-xs text-accent underline underline-offset-2"
    >
      {label}
    </button>
  );
}

export function Step({
  label,
  value,
  strong,
  testId,
  children,
}: {
  label: string;
  value: string;
  strong?: boolean;
  testId: string;
  children?: ReactNode;
}) {
  return (
    <li className="flex items-start justify-between gap-4 border-line border-t px-4 py-2 sm:px-5">
      <span className="min-w-0">
        <span className={cx("block", strong && "font-semibold")}>{label}</span>
        {children && <span className="block text-xs text-ink-mute">{children}</span>}
      </span>
      <span data-testid={testId} className={cx("shrink-0 whitespace-nowrap tabular-nums", strong && "font-semibold")}>
        {value}
      </span>
    </li>
  );
}

interface ResidualProps {
  zero: boolean;
  value: string;
  testId: string;
  children?: ReactNode;
}

export function Residual({ zero, value, testId, children }: ResidualProps) {
  const Icon = zero ? CircleCheck : CircleAlert;
  return (
    <div
      className={cx(
        "flex items-start gap-2 rounded-b-[0.7rem] border-line border-t px-4 py-3 text-sm sm:px-5",
        zero ? "text-ink-soft" : "bg-danger-soft text-ink",
      )}
    >
      <Icon className={cx("mt-0.5 size-4 shrink-0", zero ? "text-good" : "text-danger")} aria-hidden="true" />
      <span className="min-w-0 flex-1">
        {zero ? words.residualNone : words.residualSome} {children}
      </span>
      <span data-testid={testId} className="shrink-0 font-medium tabular-nums">
        {value}
      </span>
    </div>
  );
}
