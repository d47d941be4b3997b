/** A brand's customers by their first order ever: the grid, who is new and who comes back, what they are worth and may be. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect } from "react";
import { cohortsQuery } from "../../api/figures";
import { asProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { isBehind } from "../../api/stream";
import type { CohortGrid } from "../../api/types";
import { addDays, dayLabel } from "../../format/date";
import { customers as text } from "../../messages/customers";
import { useBrand } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { Fence } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { Page } from "../../ui/Page";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { Chips } from "../dashboard/Toolbar";
import { Curve } from "./Curve";
import { Expected } from "./Expected";
import { FilterBy } from "./FilterBy";
import { Fresh } from "./Fresh";
import { Grid } from "./Grid";
import { type CustomersSearch, cohortParams, customersSearch } from "./search";

const route = getRouteApi("/shell/b/$brand/customers");

export function Customers() {
  const { brand: slug } = route.useParams();
  const search = customersSearch(route.useSearch() as Record<string, unknown>);
  const navigate = route.useNavigate();
  const brand = useBrand();
  const me = useQuery(meQuery).data;
  const sees = me?.user.permissions.includes("view") ?? true;
  const query = useQuery({ ...cohortsQuery(slug, cohortParams(search)), enabled: sees });
  const data = query.data?.brand.slug === slug || query.data?.brand.id === slug ? query.data : undefined;
  const { refetch } = query;
  useEffect(() => {
    // Something landed while these figures were on their way.
    if (data && isBehind(data.brand.id, data.freshness.version)) void refetch();
  }, [data, refetch]);
  const change = (next: CustomersSearch) =>
    void navigate({ search: (before: CustomersSearch) => customersSearch({ ...before, ...next }) });
  return (
    <Page
      wide
      title={text.title}
      scope={brand?.name}
      lead={
        <span className="block min-h-5">{data && text.lead(dayLabel(addDays(data.window.complete_until, -1)))}</span>
      }
      actions={sees && data && <FilterBy data={data} search={search} onChange={change} />}
    >
      {!sees && (
        <div className="card">
          <Forbidden need="view" />
        </div>
      )}
      <Chips search={{ f: search.f }} onChange={({ f }) => change({ f })} />
      {query.error && !query.isPlaceholderData && (
        <div className="card">
          <Failed problem={asProblem(query.error)} onRetry={() => void refetch()}>
            {search.f && <Button onClick={() => change({ f: undefined })}>{text.clear}</Button>}
          </Failed>
        </div>
      )}
      {sees && !data && !query.error && (
        <div className="card">
          <LoadingRows rows={10} />
        </div>
      )}
      {data && (
        <div
          aria-busy={query.isFetching}
          className={cx("flex flex-col gap-3 transition-opacity sm:gap-4", query.isPlaceholderData && "opacity-60")}
        >
          <Body data={data} search={search} onChange={change} />
        </div>
      )}
    </Page>
  );
}

function Body({
  data,
  search,
  onChange,
}: {
  data: CohortGrid;
  search: CustomersSearch;
  onChange: (next: CustomersSearch) => void;
}) {
  if (data.totals.customers === 0) {
    return (
      <div className="card">
        <Empty title={text.none}>
          <p>{text.noneText}</p>
          {search.f && <Button onClick={() => onChange({ f: undefined })}>{text.clear}</Button>}
        </Empty>
      </div>
    );
  }
  return (
    <>
      <Fence>
        <Grid data={data} search={search} onChange={onChange} />
      </Fence>
      <div className="grid min-w-0 gap-3 sm:gap-4 min-[87.5rem]:grid-cols-2">
        <Fence>
          <Curve data={data} />
        </Fence>
        <Fence>
          <Fresh data={data} filters={search.f} />
        </Fence>
      </div>
      <Fence>
        <Expected brand={data.brand.slug} />
      </Fence>
      {data.notes.length > 0 && (
        <ul className="flex list-disc flex-col gap-1 px-1 pl-5 text-xs text-ink-mute" data-testid="notes">
          {data.notes.map((note) => (
            <li key={note.code}>{note.text}</li>
          ))}
        </ul>
      )}
    </>
  );
}
