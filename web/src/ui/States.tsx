/** What a page shows when it has no figures: still loading, nothing there, not allowed, failed. */
import { CircleAlert, Inbox, Lock } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { Problem } from "../api/problem";
import type { Permission } from "../api/types";
import { t } from "../messages/en";
import { Button } from "./Button";
import { CopyButton } from "./CopyButton";

function Frame({
  icon,
  title,
  children,
  testId,
}: {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  testId: string;
}) {
  return (
    <div data-testid={testId} className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <div className="mb-1 flex size-10 items-center justify-center rounded-full bg-sunken text-ink-mute">{icon}</div>
      <p className="text-sm font-semibold text-ink">{title}</p>
      {children}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Frame testId="state-empty" icon={<Inbox className="size-5" aria-hidden="true" />} title={title}>
      <div className="flex max-w-[46ch] flex-col items-center gap-4 text-sm text-ink-mute">{children}</div>
    </Frame>
  );
}

export function Forbidden({ need }: { need: Permission }) {
  return <Refused why={t.states.forbidden(t.states.rights[need])} />;
}

function Refused({ why }: { why: string }) {
  return (
    <Frame
      testId="state-forbidden"
      icon={<Lock className="size-5" aria-hidden="true" />}
      title={t.states.forbiddenTitle}
    >
      <p className="max-w-[46ch] text-sm text-ink-mute">{why}</p>
    </Frame>
  );
}

/** A failed request: what happened, the id that finds it in the log, and a way on. */
export function Failed({
  problem,
  onRetry,
  children,
}: {
  problem: Problem;
  onRetry?: () => void;
  children?: ReactNode;
}) {
  // Trying again would not help.
  if (problem.status === 403) return <Refused why={problem.message} />;
  return (
    <div role="alert">
      <Frame
        testId="state-error"
        icon={<CircleAlert className="size-5" aria-hidden="true" />}
        title={t.states.errorTitle}
      >
        <p className="max-w-[60ch] text-sm text-ink-mute">{problem.message}</p>
        {problem.retryAfter !== null && <Countdown key={problem.message} seconds={problem.retryAfter} />}
        <div className="mt-2 flex flex-wrap items-center justify-center gap-2">
          {onRetry && <Button onClick={onRetry}>{t.retry}</Button>}
          {children}
        </div>
        {problem.requestId && (
          <p className="mt-1 flex items-center gap-1 text-xs text-ink-mute">
            {t.requestId} <code className="font-mono">{problem.requestId}</code>
            <CopyButton text={problem.requestId} label={`${t.copy} ${problem.requestId}`} />
          </p>
        )}
      </Frame>
    </div>
  );
}

function Countdown({ seconds }: { seconds: number }) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setLeft((now) => Math.max(0, now - 1)), 1000);
    return () => clearInterval(timer);
  }, []);
  return <p className="text-sm text-ink-soft">{t.states.waiting(left)}</p>;
}

/** Announces that something is on its way, in the geometry of what will come. */
export function Loading({ children }: { children: ReactNode }) {
  return (
    <div data-testid="state-loading" aria-busy="true">
      <span className="sr-only" role="status">
        {t.loading}
      </span>
      {children}
    </div>
  );
}

export function LoadingRows({ rows = 5 }: { rows?: number }) {
  return (
    <Loading>
      <div className="flex flex-col gap-3 px-5 py-4">
        {Array.from({ length: rows }, (_, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bones have no identity
          <div key={row} className="bone h-5" />
        ))}
      </div>
    </Loading>
  );
}
