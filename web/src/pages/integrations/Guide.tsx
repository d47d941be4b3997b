import { ExternalLink } from "lucide-react";
import { Fragment } from "react";
import type { SourceName } from "../../api/integrations";
import { t } from "../../messages/en";
import { integrations, wizard } from "../../messages/integrations";
import { platforms, type Way } from "../../messages/platforms";
import { Button, buttonClass } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton, copyText } from "../../ui/CopyButton";
import { Check } from "../settings/BrandChoice";

/** What to do at the platform, and which permissions it takes and why. */
export function Guide({ source, way, onWay }: { source: SourceName; way: Way; onWay: (way: Way) => void }) {
  const { ways } = platforms[source];
  const name = integrations.sources[source];
  return (
    <Card
      title={wizard.at(name)}
      lead={wizard.atLead}
      actions={
        <a href={way.href} target="_blank" rel="noreferrer" className={buttonClass("outline", "mr-1.5")}>
          {wizard.open(name)}
          <ExternalLink className="size-3.5" aria-hidden="true" />
        </a>
      }
    >
      <div className="flex flex-col gap-5 px-4 pt-1 pb-5 sm:px-5">
        {ways.length > 1 && (
          <fieldset className="flex flex-col gap-1">
            <legend className="mb-1 text-sm font-medium">{wizard.way}</legend>
            {ways.map((one) => (
              <Check
                key={one.id}
                type="radio"
                name="way"
                label={one.label}
                checked={one.id === way.id}
                onChange={() => onWay(one)}
              />
            ))}
          </fieldset>
        )}
        <ol className="flex flex-col gap-2.5 text-sm text-ink-soft">
          {way.steps.map((step, at) => (
            <li key={step} className="grid grid-cols-[1.375rem_minmax(0,1fr)] gap-2.5">
              <span
                aria-hidden="true"
                className="flex size-5.5 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-strong"
              >
                {at + 1}
              </span>
              <span className="break-words">
                <Clicks text={step} />
              </span>
            </li>
          ))}
        </ol>
        <Permissions source={source} />
      </div>
    </Card>
  );
}

/** Words between stars are what there is to click. */
function Clicks({ text }: { text: string }) {
  return text.split("*").map((part, at) =>
    at % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of a sentence have no identity
      <strong key={at} className="font-medium text-ink">
        {part}
      </strong>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of a sentence have no identity
      <Fragment key={at}>{part}</Fragment>
    ),
  );
}

function Permissions({ source }: { source: SourceName }) {
  const { scopes } = platforms[source];
  return (
    <section aria-label={wizard.permissions}>
      <div className="flex flex-wrap items-center justify-between gap-x-3">
        <h3 className="text-sm font-medium">{wizard.permissions}</h3>
        {scopes.length > 1 && (
          <Button
            look="ghost"
            className="-mr-3"
            aria-label={wizard.copyAllOf}
            onClick={() => void copyText(scopes.map((scope) => scope.name).join(","))}
          >
            {wizard.copyAll}
          </Button>
        )}
      </div>
      <p className="text-xs text-ink-mute">{wizard.permissionsLead}</p>
      <dl className="mt-2 flex flex-col divide-y divide-line">
        {scopes.map((scope) => (
          <div key={scope.name} className="py-2">
            <dt className="flex items-center gap-1 text-xs">
              <code className="min-w-0 font-mono break-all text-ink">{scope.name}</code>
              {scope.optional && <span className="text-ink-mute">({t.optional})</span>}
              <CopyButton text={scope.name} label={`${t.copy} ${scope.name}`} />
            </dt>
            <dd className="text-xs text-ink-mute">{scope.why}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
