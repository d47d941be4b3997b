import type { ReactNode } from "react";
import { cx } from "./cx";

/** Three facts side by side, or four two by two; one below the other on a phone. */
export function Facts({ children, four }: { children: ReactNode; four?: boolean }) {
  return <dl className={cx("grid gap-3", four ? "sm:grid-cols-2" : "sm:grid-cols-3")}>{children}</dl>;
}

export function Fact({
  name,
  value,
  bad,
  children,
}: {
  name: string;
  value: string;
  bad?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className="card px-4 py-3 sm:px-5">
      <dt className="text-xs font-medium text-ink-mute">{name}</dt>
      <dd className={cx("mt-1 truncate text-base font-semibold", bad && "text-danger")}>{value}</dd>
      {children && <dd className="text-xs text-ink-mute">{children}</dd>}
    </div>
  );
}
