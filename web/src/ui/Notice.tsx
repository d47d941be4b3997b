import { CircleAlert, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";

/** Something somebody has to do, above what it is about. */
export function Notice({
  tone,
  title,
  testId,
  children,
}: {
  tone: "warn" | "danger";
  title: string;
  testId?: string;
  children?: ReactNode;
}) {
  const danger = tone === "danger";
  const Icon = danger ? CircleAlert : TriangleAlert;
  return (
    <div
      data-testid={testId}
      className={cx(
        "flex items-start gap-3 rounded-xl border px-4 py-3 text-sm",
        danger ? "border-danger bg-danger-soft" : "border-warn bg-warn-soft",
      )}
    >
      <Icon className={cx("mt-0.5 size-4 shrink-0", danger ? "text-danger" : "text-warn")} aria-hidden="true" />
      <div className="min-w-0 text-ink-soft">
        <p className="font-semibold text-ink">{title}</p>
        {children}
      </div>
    </div>
  );
}
