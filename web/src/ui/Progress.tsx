import { cx } from "./cx";

export function Progress({ label, share, testId }: { label: string; share: number | null; testId?: string }) {
  const percent = share === null ? undefined : Math.round(Math.max(0, Math.min(1, share)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      data-testid={testId}
      className={cx("h-1.5 w-full overflow-hidden rounded-full bg-sunken", percent === undefined && "busy-line")}
    >
      {percent !== undefined && (
        <div
          className="h-full rounded-full bg-accent transition-[width] duration-300"
          style={{ width: `${percent}%` }}
        />
      )}
    </div>
  );
}
