import { CircleAlert, CircleCheck } from "lucide-react";
import type { Tested, Trial } from "../../api/integrations";
import { dayLabel } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { cx } from "../../ui/cx";

const TONES = {
  works: { icon: CircleCheck, box: "border-line", colour: "text-good" },
  missing: { icon: CircleAlert, box: "border-warn bg-warn-soft", colour: "text-warn" },
  fails: { icon: CircleAlert, box: "border-danger bg-danger-soft", colour: "text-danger" },
} as const;

/** What a test found: the account, what is missing, what is to be known; or why it was not let in. */
export function TestResult({ outcome }: { outcome: Trial | null }) {
  if (!outcome) return null;
  const { ok, reason, found } = outcome;
  const state = !ok ? "fails" : found?.missing.length ? "missing" : "works";
  const { icon: Icon, box, colour } = TONES[state];
  return (
    <div
      role="status"
      data-testid="test-result"
      data-state={state}
      className={cx("flex items-start gap-3 rounded-xl border px-4 py-3 text-sm", box)}
    >
      <Icon className={cx("mt-0.5 size-4 shrink-0", colour)} aria-hidden="true" />
      <div className="flex min-w-0 flex-1 flex-col gap-2 text-ink-soft">
        <div>
          <p className="font-semibold text-ink">{integrations.tests[state]}</p>
          <p className="break-words">{found?.account ?? reason}</p>
        </div>
        {found && <Found found={found} />}
      </div>
    </div>
  );
}

function Found({ found }: { found: Tested }) {
  const notes = [
    ...found.warnings,
    ...(found.expires_at ? [integrations.signInEnds(dayLabel(found.expires_at.slice(0, 10)))] : []),
    ...(found.served_version ? [integrations.served(found.served_version)] : []),
  ];
  return (
    <>
      {found.missing.length > 0 && (
        <dl className="flex flex-col gap-1.5 text-xs">
          {found.missing.map(({ scope, why }) => (
            <div key={scope}>
              <dt>
                {integrations.missingOne} <code className="font-mono break-all text-ink">{scope}</code>
              </dt>
              <dd>{why}</dd>
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
          {integrations.granted} {found.granted.join(", ")}
        </p>
      )}
    </>
  );
}
