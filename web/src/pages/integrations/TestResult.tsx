import { CircleAlert, CircleCheck } from "lucide-react";
import type { Tested } from "../../api/integrations";
import { dayLabel } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { cx } from "../../ui/cx";

/** What a test found: the account, what is missing, what is to be known. */
export function TestResult({ found }: { found: Tested }) {
  const whole = found.missing.length === 0;
  const Icon = whole ? CircleCheck : CircleAlert;
  const notes = [
    ...found.warnings,
    ...(found.expires_at ? [integrations.signInEnds(dayLabel(found.expires_at.slice(0, 10)))] : []),
    ...(found.served_version ? [integrations.served(found.served_version)] : []),
  ];
  return (
    <div
      role="status"
      data-testid="test-result"
      data-state={whole ? "works" : "missing"}
      className={cx(
        "flex items-start gap-3 rounded-xl border px-4 py-3 text-sm",
        whole ? "border-line" : "border-warn bg-warn-soft",
      )}
    >
      <Icon className={cx("mt-0.5 size-4 shrink-0", whole ? "text-good" : "text-warn")} aria-hidden="true" />
      <div className="flex min-w-0 flex-1 flex-col gap-2 text-ink-soft">
        <div>
          <p className="font-semibold text-ink">{whole ? integrations.works : integrations.worksPartly}</p>
          <p className="break-words">{found.account}</p>
        </div>
        {!whole && (
          <dl className="flex flex-col gap-1.5">
            {found.missing.map((one) => (
              <div key={one.scope}>
                <dt className="text-xs">
                  {integrations.missingTitle}: <code className="font-mono break-all text-ink">{one.scope}</code>
                </dt>
                <dd className="text-xs">{one.why}</dd>
              </div>
            ))}
          </dl>
        )}
        {notes.length > 0 && (
          <ul className="flex list-disc flex-col gap-1 pl-4 text-xs">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        {found.granted.length > 0 && (
          <p className="text-xs break-words text-ink-mute">
            {integrations.granted}: {found.granted.join(", ")}
          </p>
        )}
      </div>
    </div>
  );
}
