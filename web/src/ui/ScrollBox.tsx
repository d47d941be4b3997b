import type { ReactNode } from "react";
import { cx } from "./cx";

/** What may be wider or longer than its place: scrolls by itself, and by keyboard too. */
export function ScrollBox({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields, and a region would repeat the card's landmark
    <div
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll box has to be reachable by keyboard
      tabIndex={0}
      className={cx("overflow-auto overscroll-x-contain focus-visible:-outline-offset-2", className)}
    >
      {children}
    </div>
  );
}
