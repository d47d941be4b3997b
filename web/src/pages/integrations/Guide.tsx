import { ExternalLink } from "lucide-react";
import type { Source } from "../../api/integrations";
import { t } from "../../messages/en";
import { wizard } from "../../messages/integrations";
import { Button, buttonClass } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton, copyText } from "../../ui/CopyButton";

/** What to do at the platform, and which permissions it takes and why. */
export function Guide({ source }: { source: Source }) {
  return (
    <Card
      title={wizard.at(source.label)}
      lead={wizard.atLead}
      actions={
        <a href={source.docs} target="_blank" rel="noreferrer" className={buttonClass("outline", "mr-1.5")}>
          {wizard.docs}
          <ExternalLink className="size-3.5" aria-hidden="true" />
        </a>
      }
    >
      <div className="flex flex-col gap-5 px-4 pt-1 pb-5 sm:px-5">
        <ol className="flex flex-col gap-2.5 text-sm text-ink-soft">
          {source.steps.map((step, at) => (
            <li key={step} className="grid grid-cols-[1.375rem_minmax(0,1fr)] gap-2.5">
              <span
                aria-hidden="true"
                className="flex size-5.5 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-strong"
              >
                {at + 1}
              </span>
              <p className="break-words">
                <Linked text={step} />
              </p>
            </li>
          ))}
        </ol>
        <Permissions source={source} />
      </div>
    </Card>
  );
}

const ADDRESS = /((?:[a-z\d-]+\.)+com(?:\/[\w/-]+)?)/;

/** Addresses of the platform's own pages can be followed. */
function Linked({ text }: { text: string }) {
  return text.split(ADDRESS).map((part, at) =>
    at % 2 === 1 ? (
      <a
        key={part}
        href={`https://${part}`}
        target="_blank"
        rel="noreferrer"
        className="text-accent underline underline-offset-2"
      >
        {part}
      </a>
    ) : (
      part
    ),
  );
}

function Permissions({ source: { permissions } }: { source: Source }) {
  return (
    <section aria-label={wizard.permissions}>
      <div className="flex flex-wrap items-center justify-between gap-x-3">
        <h3 className="text-sm font-medium">{wizard.permissions}</h3>
        {permissions.length > 1 && (
          <Button
            look="ghost"
            className="-mr-3"
            aria-label={wizard.copyAllOf}
            onClick={() => void copyText(permissions.map(({ scope }) => scope).join(","))}
          >
            {wizard.copyAll}
          </Button>
        )}
      </div>
      <p className="text-xs text-ink-mute">{wizard.permissionsLead}</p>
      <dl className="mt-2 flex flex-col divide-y divide-line">
        {permissions.map(({ scope, why }) => (
          <div key={scope} className="py-2">
            <dt className="flex items-center gap-1 text-xs">
              <code className="min-w-0 font-mono break-all text-ink">{scope}</code>
              <CopyButton text={scope} label={`${t.copy} ${scope}`} />
            </dt>
            <dd className="text-xs text-ink-mute">{why}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
