import type { UseFormReturn } from "react-hook-form";
import { t } from "../../messages/en";
import { wizard } from "../../messages/integrations";
import type { Field } from "../../messages/platforms";
import { TextField } from "../../ui/Field";

export interface Values {
  settings: Record<string, string>;
  credentials: Record<string, string>;
  /** Days as text; empty is everything. */
  history: string;
}

const trimmed = (values: Record<string, string> = {}) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, text]) => (text?.trim() ? [[name, text.trim()] as const] : [])),
  );

/** As it is sent: what was left empty is left out. */
export const filled = ({ settings, credentials, history }: Values) => ({
  settings: trimmed(settings),
  credentials: trimmed(credentials),
  ...(history === undefined ? {} : { history_days: history === "" ? null : Number(history) }),
});

function wrong(field: Field, text: string | undefined): true | string {
  const value = text?.trim() ?? "";
  if (value === "") return field.optional || wizard.required;
  if (field.check) return field.check[0].test(value) || field.check[1];
  return !/\s/.test(value) || wizard.spaces;
}

/** One value. A secret is typed unseen; no password manager is asked to keep it. */
export function Typed({ field, form }: { field: Field; form: UseFormReturn<Values> }) {
  const { error } = form.getFieldState(field.at, form.formState);
  return (
    <TextField
      label={field.optional ? `${field.label} (${t.optional})` : field.label}
      help={field.help}
      error={error?.message}
      type={field.plain ? "text" : "password"}
      placeholder={field.placeholder}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      data-1p-ignore
      data-lpignore="true"
      {...form.register(field.at, { validate: (text: string) => wrong(field, text) })}
    />
  );
}
