import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { t } from "../../messages/en";
import { SelectField, TextField } from "../../ui/Field";

export interface BrandValues {
  name: string;
  currency: string;
  timezone: string;
  week_start: number;
}

const supported = (kind: "currency" | "timeZone") => Intl.supportedValuesOf?.(kind) ?? [];

function currencyName(code: string): string {
  try {
    return new Intl.DisplayNames(undefined, { type: "currency" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Name, currency, zone and week of a brand; `at` is where they lie in the form. */
export function BrandFields<V extends FieldValues>({ form, at }: { form: UseFormReturn<V>; at?: string }) {
  const path = (name: keyof BrandValues) => (at ? `${at}.${name}` : name) as Path<V>;
  const current = (name: keyof BrandValues) => form.getValues(path(name)) as string | undefined;
  const message = (name: keyof BrandValues) => form.getFieldState(path(name), form.formState).error?.message;
  const withCurrent = (all: string[], value: string | undefined) =>
    value && !all.includes(value) ? [value, ...all] : all;
  return (
    <>
      <TextField
        label={t.setup.brandName}
        autoComplete="off"
        error={message("name")}
        {...form.register(path("name"), {
          validate: (text) => String(text ?? "").trim() !== "" || t.setup.required,
        })}
      />
      <SelectField label={t.setup.currency} help={t.setup.currencyHelp} {...form.register(path("currency"))}>
        {withCurrent(supported("currency"), current("currency")).map((code) => (
          <option key={code} value={code}>
            {code} – {currencyName(code)}
          </option>
        ))}
      </SelectField>
      <SelectField label={t.setup.timezone} help={t.setup.timezoneHelp} {...form.register(path("timezone"))}>
        {withCurrent(["UTC", ...supported("timeZone").filter((zone) => zone !== "UTC")], current("timezone")).map(
          (zone) => (
            <option key={zone} value={zone}>
              {zone.replaceAll("_", " ")}
            </option>
          ),
        )}
      </SelectField>
      <SelectField label={t.setup.weekStart} {...form.register(path("week_start"), { valueAsNumber: true } as object)}>
        {t.brand.days.map((day, index) => (
          <option key={day} value={index + 1}>
            {day}
          </option>
        ))}
      </SelectField>
    </>
  );
}
