import type { UseFormReturn } from "react-hook-form";
import type { Field } from "../../api/integrations";
import { t } from "../../messages/en";
import { TextField } from "../../ui/Field";
import { needed, placeOf, type Values, wrong } from "./fields";

/** One value. A secret is typed unseen; no password manager is asked to keep it. */
export function Typed({ field, form }: { field: Field; form: UseFormReturn<Values> }) {
  const place = placeOf(field);
  const { error } = form.getFieldState(place, form.formState);
  return (
    <TextField
      label={needed(field) ? field.label : `${field.label} (${t.optional})`}
      help={field.help}
      error={error?.message}
      type={field.secret ? "password" : "text"}
      placeholder={field.example ?? undefined}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      data-1p-ignore
      data-lpignore="true"
      {...form.register(place, { validate: (text: string) => wrong(field, text) })}
    />
  );
}
