/** What there is to type in for a source: which fields go together, and what does not look like what it should be. */
import type { Field, Source, Typed } from "../../api/integrations";
import { wizard } from "../../messages/integrations";

export interface Values {
  settings: Record<string, string>;
  credentials: Record<string, string>;
}

export type Place = `${"settings" | "credentials"}.${string}`;

export const placeOf = (field: Field) => `${field.place}.${field.name}` as Place;

/** The ways to sign in: groups of fields of which one is enough; one without a name where nothing is to choose. */
export function waysOf({ fields }: Source): (string | null)[] {
  const groups = [...new Set(fields.flatMap((field) => field.group ?? []))];
  return groups.length > 0 ? groups : [null];
}

/** The fields of a way in the order in which they are typed: what has to be there first. */
export function fieldsOf({ fields }: Source, way: string | null, onlyCredentials: boolean): Field[] {
  const wanted = fields.filter(
    (field) =>
      (field.group === null || field.group === way) &&
      field.name !== HISTORY &&
      (!onlyCredentials || field.place === "credentials"),
  );
  return [...wanted.filter(needed), ...wanted.filter((field) => !needed(field))];
}

export const needed = (field: Field) => field.required || field.group !== null;

/** Asked for in words, not by a number. */
export const HISTORY = "history_days";

/** Days of history to choose from; null is all there is. */
export function depthsOf({ fields, streams }: Source): (number | null)[] {
  if (!fields.some((field) => field.name === HISTORY)) return [];
  const most = Math.max(...streams.map((stream) => stream.history_days ?? Number.POSITIVE_INFINITY));
  return [null, ...[90, 365, 730].filter((days) => days < most)];
}

const LISTED = /^(act_)?[\d-]+(\s*,\s*(act_)?[\d-]+)*$/;
const CHECKS: Record<string, [pattern: RegExp, wrong: string]> = {
  shop: [/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/i, wizard.wrong.shop],
  account_ids: [LISTED, wizard.wrong.accounts],
  login_customer_id: [/^\d{3}-?\d{3}-?\d{4}$/, wizard.wrong.customer],
  api_base: [/^https?:\/\/\S+$/, wizard.wrong.address],
};

/** Whether a value looks like one, as react-hook-form asks it; the server looks again. */
export function wrong(field: Field, text: string | undefined): true | string {
  const value = text?.trim() ?? "";
  if (value === "") return !needed(field) || wizard.required;
  const check = CHECKS[field.name];
  if (check) return check[0].test(value) || check[1];
  return !/\s/.test(value) || wizard.wrong.spaces;
}

const trimmed = (values: Record<string, string> = {}) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, text]) => (text?.trim() ? [[name, text.trim()] as const] : [])),
  );

/** As it is sent: what was left empty is left out. */
export function typedOf({ settings, credentials }: Values): Typed {
  const { history_days, ...others } = trimmed(settings);
  return {
    credentials: trimmed(credentials),
    settings: history_days ? { ...others, history_days: Number(history_days) } : others,
  };
}
