import { ChevronRight } from "lucide-react";
import { useId } from "react";
import type { ImportFormat } from "../../api/types";
import { imports } from "../../messages/imports";
import { SelectField, TextField } from "../../ui/Field";

export interface ImportOptions {
  format: string;
  account: string;
  currency: string;
  timezone: string;
  date_format: string;
  map: File | null;
}

export const NO_OPTIONS: ImportOptions = {
  format: "",
  account: "",
  currency: "",
  timezone: "",
  date_format: "",
  map: null,
};

const NEEDS = ["account", "currency", "timezone", "date_format"] as const;

/** What some files leave unsaid. Most files need none of it, so it stays folded. */
export function Options({
  formats,
  value,
  onChange,
}: {
  formats: ImportFormat[];
  value: ImportOptions;
  onChange: (value: ImportOptions) => void;
}) {
  const mapId = useId();
  const chosen = formats.find((format) => format.name === value.format);
  const asked = chosen ? NEEDS.filter((need) => chosen.needs.includes(need)) : NEEDS;
  return (
    <details className="card group px-5 py-3.5">
      <summary className="tap flex list-none items-center gap-2 text-sm font-medium">
        <ChevronRight className="size-4 text-ink-mute transition-transform group-open:rotate-90" aria-hidden="true" />
        {imports.options}
      </summary>
      <div className="grid gap-4 pt-4 pb-1.5 sm:grid-cols-2">
        <SelectField
          label={imports.format}
          value={value.format}
          onChange={(event) => onChange({ ...value, format: event.target.value })}
        >
          <option value="">{imports.detect}</option>
          {formats.map((format) => (
            <option key={format.name} value={format.name}>
              {format.label}
            </option>
          ))}
        </SelectField>
        {asked.map((need) => (
          <TextField
            key={need}
            label={imports.needs[need]}
            help={imports.needsHelp[need]}
            autoComplete="off"
            value={value[need]}
            onChange={(event) => onChange({ ...value, [need]: event.target.value })}
          />
        ))}
        <div className="flex min-w-0 flex-col gap-1.5">
          <label htmlFor={mapId} className="text-sm font-medium">
            {imports.map}
          </label>
          <input
            id={mapId}
            type="file"
            accept=".toml,text/plain"
            aria-describedby={`${mapId}-help`}
            onChange={(event) => onChange({ ...value, map: event.target.files?.[0] ?? null })}
            className="tap block w-full min-w-0 text-xs text-ink-soft file:mr-3 file:h-9 file:cursor-pointer file:rounded-lg file:border file:border-line file:bg-surface file:px-3 file:text-sm file:font-medium file:text-ink"
          />
          <p id={`${mapId}-help`} className="text-xs text-ink-mute">
            {imports.mapHelp}
          </p>
        </div>
      </div>
    </details>
  );
}
