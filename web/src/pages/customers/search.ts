/** What the address of the customers' page says; a default is left out. */

export const GRAINS = ["month", "week"] as const;
export const BASES = ["gross_profit", "net_sales", "contribution_margin"] as const;
export const MEASURES = [
  "ltv",
  "retention",
  "ltv_cac",
  "customers",
  "orders",
  "net_sales",
  "gross_profit",
  "contribution_margin",
] as const;
export const DIMS = [
  "first_channel",
  "first_product",
  "first_country",
  "first_store",
  "first_source",
  "first_code",
] as const;

export type Grain = (typeof GRAINS)[number];
export type Basis = (typeof BASES)[number];
export type Measure = (typeof MEASURES)[number];
export type Dim = (typeof DIMS)[number];

const FILTER = new RegExp(`^(${DIMS.join("|")}):eq:.`);

export interface CustomersSearch {
  grain?: Grain;
  basis?: Basis;
  measure?: Measure;
  f?: string[];
}

/** One of these; the first is the default and is left out. */
const among = <T extends string>(values: readonly [T, ...T[]], value: unknown): T | undefined =>
  values.slice(1).find((one) => one === value);

/** What makes no sense is named as absent. */
export function customersSearch(raw: Record<string, unknown>): CustomersSearch {
  const f = [raw.f].flat().filter((one): one is string => typeof one === "string" && FILTER.test(one));
  return {
    grain: among(GRAINS, raw.grain),
    basis: among(BASES, raw.basis),
    measure: among(MEASURES, raw.measure),
    f: f.length > 0 ? f : undefined,
  };
}

/** For the API, which has the same defaults. */
export function cohortParams({ grain, basis, f }: CustomersSearch) {
  return { ...(grain && { grain }), ...(basis && { basis }), ...(f && { f }) };
}
