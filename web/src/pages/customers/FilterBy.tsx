import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { typedQuery } from "../../api/figures";
import type { CohortGrid } from "../../api/types";
import { customers as text } from "../../messages/customers";
import { nameOf } from "../attribution/names";
import { type CustomersSearch, DIMS, type Dim } from "./search";

/** Picks customers by what is known of their first order: the dimension, then one of the values that occur. */
export function FilterBy({
  data,
  search,
  onChange,
}: {
  data: CohortGrid;
  search: CustomersSearch;
  onChange: (next: CustomersSearch) => void;
}) {
  const [dim, setDim] = useState<Dim | "">("");
  const values = useQuery({
    ...typedQuery(data.brand.slug, {
      metrics: ["new_customers"],
      dimensions: [dim || "first_product"],
      time: { start: data.window.start, end: data.window.end },
      order: { by: "new_customers" },
      limit: 200,
    }),
    enabled: dim !== "",
  });
  const names = (values.data?.rows ?? [])
    .map((row) => row[0])
    .filter((name): name is string => typeof name === "string");
  function pick(value: string): void {
    const added = `${dim}:eq:${value}`;
    const others = (search.f ?? []).filter((one) => !one.startsWith(`${dim}:`));
    onChange({ f: [...others, added] });
    setDim("");
  }
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-2">
      <label className="sr-only" htmlFor="filter-dim">
        {text.filter}
      </label>
      <select
        id="filter-dim"
        value={dim}
        onChange={(event) => setDim(event.target.value as Dim | "")}
        className="field w-auto border-line font-medium"
      >
        <option value="">{text.filter}…</option>
        {DIMS.map((one) => (
          <option key={one} value={one}>
            {text.dims[one]}
          </option>
        ))}
      </select>
      {dim && (
        <>
          <label className="sr-only" htmlFor="filter-value">
            {text.filterValue}
          </label>
          <select
            id="filter-value"
            value=""
            disabled={!values.data}
            onChange={(event) => pick(event.target.value)}
            className="field w-auto max-w-60 border-line font-medium"
          >
            <option value="">{text.pick}</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {dim === "first_channel" ? nameOf(name) : name}
              </option>
            ))}
          </select>
        </>
      )}
    </div>
  );
}
