import { useId } from "react";
import type { AuditEntry } from "../../api/types";
import { audit } from "../../messages/operate";
import { Button } from "../../ui/Button";
import { SelectField, TextField } from "../../ui/Field";
import { actorKey, whatHappened, whoDid } from "./entry";
import type { AuditSearch } from "./search";

interface Props {
  search: AuditSearch;
  /** What is on the page, for the name of a person that the address gives by id. */
  entries: AuditEntry[];
  onChange: (change: AuditSearch) => void;
  onClear?: () => void;
}

/** Kinds to choose from; what an entry or the address has named beside them stays to be seen and taken away. */
export function AuditFilters({ search, entries, onChange, onClear }: Props) {
  const id = useId();
  const { kind, actor } = search;
  const named = entries.find((entry) => actorKey(entry.actor) === actor)?.actor;
  return (
    <section aria-labelledby={id} className="card px-4 py-3.5 sm:px-5">
      <h2 id={id} className="sr-only">
        {audit.filters}
      </h2>
      <div className="grid grid-cols-2 gap-3 md:grid-cols-3 lg:grid-cols-5">
        <Choice
          label={audit.what}
          any={audit.any}
          value={kind}
          choices={audit.things}
          name={whatHappened}
          onChange={(value) => onChange({ kind: value })}
        />
        <Choice
          label={audit.who}
          any={audit.anyone}
          value={actor}
          choices={audit.actorKinds}
          name={(value) => (named ? whoDid(named) : value)}
          onChange={(value) => onChange({ actor: value })}
        />
        <Choice
          label={audit.result}
          any={audit.anyResult}
          value={search.result}
          choices={audit.results}
          name={(value) => value}
          onChange={(value) => onChange({ result: value as AuditSearch["result"] })}
        />
        <TextField
          type="date"
          label={audit.from}
          value={search.from ?? ""}
          max={search.to}
          onChange={(event) => onChange({ from: event.target.value || undefined })}
        />
        <TextField
          type="date"
          label={audit.to}
          value={search.to ?? ""}
          min={search.from}
          onChange={(event) => onChange({ to: event.target.value || undefined })}
        />
      </div>
      {onClear && (
        <Button look="ghost" className="mt-2 -ml-3" onClick={onClear}>
          {audit.clear}
        </Button>
      )}
    </section>
  );
}

function Choice({
  label,
  any,
  value,
  choices,
  name,
  onChange,
}: {
  label: string;
  any: string;
  value: string | undefined;
  choices: Record<string, string>;
  /** Of a value that is not among the choices. */
  name: (value: string) => string;
  onChange: (value: string | undefined) => void;
}) {
  return (
    <SelectField label={label} value={value ?? ""} onChange={(event) => onChange(event.target.value || undefined)}>
      <option value="">{any}</option>
      {Object.entries(choices).map(([key, text]) => (
        <option key={key} value={key}>
          {text}
        </option>
      ))}
      {value && !choices[value] && <option value={value}>{name(value)}</option>}
    </SelectField>
  );
}
