import { Component, type ReactNode, useId } from "react";
import { t } from "../messages/en";
import { cx } from "./cx";

/** A titled part of a page. */
export function Card({
  title,
  lead,
  actions,
  children,
  className,
  testId,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  testId?: string;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cx("card flex flex-col", className)} data-testid={testId}>
      <header className="flex flex-wrap items-start justify-between gap-x-3 gap-y-2 px-4 pt-3.5 pb-2 sm:px-5">
        <div className="min-w-0 flex-[1_1_11rem]">
          <h2 id={id} className="text-sm font-semibold text-ink">
            {title}
          </h2>
          {lead && <p className="mt-0.5 max-w-[80ch] text-xs text-ink-mute">{lead}</p>}
        </div>
        {actions && <div className="-my-1 -mr-1.5 flex shrink-0 items-center gap-1">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** What breaks inside breaks alone: the rest of the page lives on. */
export class Fence extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <div
        role="alert"
        data-testid="state-error"
        className="card flex flex-col items-start gap-3 px-5 py-6 text-sm text-ink-soft"
      >
        {t.states.broken}
        <button
          type="button"
          className="tap rounded-md font-medium text-accent underline"
          onClick={() => this.setState({ broken: false })}
        >
          {t.retry}
        </button>
      </div>
    );
  }
}
