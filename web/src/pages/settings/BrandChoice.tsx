import { t } from "../../messages/en";
import { useBrands } from "../../shell/useBrand";

/** All brands, or some of them; null stands for all. */
export function BrandChoice({
  value,
  onChange,
  error,
}: {
  value: string[] | null;
  onChange: (brands: string[] | null) => void;
  error?: string;
}) {
  const brands = useBrands().data ?? [];
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-sm font-medium">{t.brandsOf.label}</legend>
      <Check
        type="radio"
        name="reach"
        label={t.brandsOf.all}
        checked={value === null}
        onChange={() => onChange(null)}
      />
      <Check
        type="radio"
        name="reach"
        label={t.brandsOf.some}
        checked={value !== null}
        onChange={() => onChange(value ?? [])}
      />
      {value !== null && (
        <div className="ml-6 flex flex-col gap-1">
          {brands.map((brand) => (
            <Check
              key={brand.id}
              type="checkbox"
              label={brand.name}
              checked={value.includes(brand.id)}
              onChange={(on) => onChange(on ? [...value, brand.id] : value.filter((id) => id !== brand.id))}
            />
          ))}
        </div>
      )}
      {error && <p className="text-xs text-danger">{error}</p>}
    </fieldset>
  );
}

/** A box or a button with its words beside it, the whole line to hit. */
export function Check({
  type,
  name,
  label,
  checked,
  onChange,
}: {
  type: "checkbox" | "radio";
  name?: string;
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label className="tap flex items-center gap-2 py-1 text-sm">
      <input
        type={type}
        name={name}
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent"
      />
      {label}
    </label>
  );
}
