/** What the address of the customers' page says; a default is left out. */
import * as v from "valibot";

export const GRAINS = ["month", "week"] as const;
export const BASES = ["gross_profit", "net_sales"] as const;
export const MEASURES = [
  "ltv",
  "retention",
  "ltv_cac",
  "customers",
  "orders",
  "net_sales",
  "gross_profit",
] as const;
export const DIMS = ["first_product", "first_country", "first_store", "first_source", "first_code"] as const;

export type Grain = (typeof GRAINS)[number];
export type Basis = (typeof BASES)[number];
export type Measure = (typeof MEASURES)[number];
export type Dim = (typeof DIMS)[number];

const filter = v.pipe(v.string(), v.regex(new RegExp(`^(${DIMS.join("|")}):eq:.`)));
const FIELDS = {
  grain: v.picklist(GRAINS),
  basis: v.picklist(BASES),
  measure: v.picklist(MEASURES),
  f: v.array(filter),
} as const;
const DEFAULTS: Record<string, unknown> = { grain: "month", basis: "gross_profit", measure: "ltv" };

export interface CustomersSearch {
  grain?: Grain;
  basis?: Basis;
  measure?: Measure;
  f?: string[];
}

/** For the router: what makes no sense is named as absent. */
export function customersSearch(raw: Record<string, unknown>): CustomersSearch {
  const read = Object.entries(FIELDS).map(([key, schema]) => {
    const value = key === "f" && raw.f !== undefined && !Array.isArray(raw.f) ? [raw.f] : raw[key];
    const parsed = v.safeParse(schema, value);
    const kept = parsed.success && parsed.output !== DEFAULTS[key] ? parsed.output : undefined;
    return [key, Array.isArray(kept) && kept.length === 0 ? undefined : kept];
  });
  return Object.fromEntries(read) as CustomersSearch;
}

/** For the API, which has the same defaults. */
export function cohortParams({ grain, basis, f }: CustomersSearch) {
  return { ...(grain && { grain }), ...(basis && { basis }), ...(f && { f }) };
}
