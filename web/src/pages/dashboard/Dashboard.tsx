/** One brand on one page: figures, their course, where they come from. The address holds all of its state. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useMay } from "../../api/access";
import { integrationsQuery } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { dashboardQuery } from "../../api/queries";
import { isBehind } from "../../api/stream";
import type { Dashboard as Data } from "../../api/types";
import { addDays, daysBetween } from "../../format/date";
import { t } from "../../messages/en";
import { useKeys } from "../../shell/keys";
import { useBrand } from "../../shell/useBrand";
import { start } from "../../start";
import { Button, buttonClass } from "../../ui/Button";
import { Fence } from "../../ui/Card";
import { cx } from "../../ui/cx";
import { Page } from "../../ui/Page";
import { rememberBrand } from "../../ui/preferences";
import { Empty, Failed, Forbidden } from "../../ui/States";
import { toast } from "../../ui/toast";
import { Bones } from "./Bones";
import { Channels } from "./Channels";
import { Customers } from "./Customers";
import { Inventory } from "./Inventory";
import { MainChart } from "./MainChart";
import { Products } from "./Products";
import { apiParams, type DashboardSearch, type KpiId, readSearch, withFilter } from "./search";
import { Tiles } from "./Tiles";
import { Chips, Toolbar, WindowLine } from "./Toolbar";

const route = getRouteApi("/shell/b/$brand");

/** Puts the search back in order: a default is left out again. */
const tidy = (search: DashboardSearch) => readSearch(search as Record<string, unknown>).search;

export function Dashboard() {
  const { brand: slug } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const brand = useBrand();
  const [rangeOpen, setRangeOpen] = useState(false);
  const query = useQuery(dashboardQuery(slug, apiParams(search)));
  const data = query.data?.brand.slug === slug || query.data?.brand.id === slug ? query.data : undefined;
  const problem = query.error ? asProblem(query.error) : null;

  useEffect(() => {
    if (data) rememberBrand(data.brand.slug);
  }, [data]);
  const { refetch } = query;
  useEffect(() => {
    // Something landed while these figures were on their way.
    if (data && isBehind(data.brand.id, data.freshness.version)) void refetch();
  }, [data, refetch]);
  useNoticeOfBadAddress();

  const change = (next: DashboardSearch) =>
    void navigate({ search: (before: DashboardSearch) => tidy({ ...before, ...next }) });
  const shift = (steps: number) => {
    if (!data) return;
    const [start, end] = [data.window.start.slice(0, 10), data.window.end.slice(0, 10)];
    const days = Math.max(1, daysBetween(start, end)) * steps;
    change({ range: "custom", from: addDays(start, days), to: addDays(end, days) });
  };
  useKeys([
    ["t", () => change({ range: "today", from: undefined, to: undefined })],
    ["w", () => change({ range: "7d", from: undefined, to: undefined })],
    ["m", () => change({ range: "mtd", from: undefined, to: undefined })],
    ["y", () => change({ range: "ytd", from: undefined, to: undefined })],
    ["c", () => setRangeOpen(true)],
    ["x", () => change({ cmp: search.cmp === "none" ? "prev" : "none" })],
    ["ArrowLeft", () => shift(-1)],
    ["ArrowRight", () => shift(1)],
    ["Escape", () => search.f && change({ f: undefined })],
  ]);

  return (
    <Page
      wide
      title={t.dashboard.title}
      scope={brand?.name ?? data?.brand.name}
      lead={
        <span className="block min-h-10 sm:min-h-5">
          {data ? <WindowLine data={data} /> : !problem && <span className="bone inline-block h-4 w-72 max-w-full" />}
        </span>
      }
      actions={
        <Toolbar
          search={search}
          data={data}
          rangeOpen={rangeOpen}
          onRangeOpen={setRangeOpen}
          onChange={change}
          onShift={shift}
        />
      }
    >
      <Chips search={search} onChange={(next) => void navigate({ search: tidy(next) })} />
      <div
        aria-busy={query.isFetching}
        className={cx(
          "relative flex flex-col gap-3 transition-opacity sm:gap-4",
          query.isPlaceholderData && "opacity-60",
        )}
      >
        {query.isPlaceholderData && <div className="busy-line fixed inset-x-0 top-14 z-40 h-0.5" />}
        {problem && !query.isPlaceholderData && (
          <Trouble
            problem={problem}
            search={search}
            stale={Boolean(data)}
            onRetry={() => void query.refetch()}
            onChange={change}
          />
        )}
        {!data && !problem && <Bones />}
        {data && <Body data={data} search={search} onChange={change} />}
      </div>
    </Page>
  );
}

/** A bad parameter is replaced by its default and said, once, without blanking the page. */
function useNoticeOfBadAddress(): void {
  const { parseSearch } = useRouter().options;
  useEffect(() => {
    const { rejected } = readSearch(parseSearch(start.search));
    start.search = "";
    if (rejected.length > 0) toast(t.dashboard.badAddress(rejected.join(", ")));
  }, [parseSearch]);
}

function Trouble({
  problem,
  search,
  stale,
  onRetry,
  onChange,
}: {
  problem: ReturnType<typeof asProblem>;
  search: DashboardSearch;
  stale: boolean;
  onRetry: () => void;
  onChange: (change: DashboardSearch) => void;
}) {
  if (problem.status === 403) return <Forbidden need="view" />;
  return (
    <div className={cx("card", stale && "border-warn")}>
      <Failed problem={problem} onRetry={onRetry}>
        {search.f && <Button onClick={() => onChange({ f: undefined })}>{t.dashboard.clearFilters}</Button>}
      </Failed>
    </div>
  );
}

const isZero = (data: Data) =>
  data.kpis.every((kpi) => kpi.value === null || Number(kpi.value) === 0) &&
  data.channels.length === 0 &&
  data.products.length === 0;

function Body({
  data,
  search,
  onChange,
}: {
  data: Data;
  search: DashboardSearch;
  onChange: (change: DashboardSearch) => void;
}) {
  const metric = search.metric ?? "net_sales";
  const onFilter = (filter: string) => onChange(withFilter(search, filter));
  if (!data.freshness.data_through && isZero(data)) return <NothingYet brand={data.brand.slug} />;
  return (
    <>
      <Fence>
        <Tiles data={data} metric={metric} onPick={(id) => onChange({ metric: id as KpiId })} />
      </Fence>
      <Fence>
        {isZero(data) ? <NoRows search={search} onChange={onChange} /> : <MainChart data={data} metric={metric} />}
      </Fence>
      <Fence>
        <Channels data={data} filters={search.f} onFilter={onFilter} onModel={(model) => onChange({ model })} />
      </Fence>
      <div className="grid min-w-0 gap-3 sm:gap-4 min-[87.5rem]:grid-cols-2">
        <Fence>
          <Products data={data} onFilter={onFilter} />
        </Fence>
        <Fence>
          <Inventory data={data} />
        </Fence>
      </div>
      <Fence>
        <Customers data={data} />
      </Fence>
      <Notes data={data} />
    </>
  );
}

function NothingYet({ brand }: { brand: string }) {
  const mayImport = useMay("connect");
  const connected = useQuery(integrationsQuery(brand)).data?.length;
  if (connected) {
    return (
      <div className="card">
        <Empty title={t.dashboard.firstSync}>
          <p>{t.dashboard.firstSyncText}</p>
          <Link to="/b/$brand/integrations" params={{ brand }} className={buttonClass()}>
            {t.dashboard.toIntegrations}
          </Link>
        </Empty>
      </div>
    );
  }
  return (
    <div className="card">
      <Empty title={t.dashboard.notConnected}>
        <p>{mayImport ? t.dashboard.notConnectedText : t.dashboard.askImport}</p>
        {mayImport && (
          <div className="flex flex-wrap justify-center gap-2">
            <Link to="/b/$brand/integrations" params={{ brand }} className={buttonClass("primary")}>
              {t.dashboard.toConnect}
            </Link>
            <Link to="/b/$brand/import" params={{ brand }} className={buttonClass()}>
              {t.setup.toImport}
            </Link>
          </div>
        )}
      </Empty>
    </div>
  );
}

function NoRows({ search, onChange }: { search: DashboardSearch; onChange: (change: DashboardSearch) => void }) {
  return (
    <div className="card">
      <Empty title={t.dashboard.noRows}>
        <p>{t.dashboard.noRowsText}</p>
        <div className="flex flex-wrap justify-center gap-2">
          {search.f && <Button onClick={() => onChange({ f: undefined })}>{t.dashboard.clearFilters}</Button>}
          <Button onClick={() => onChange({ range: "90d", from: undefined, to: undefined })}>
            {t.dashboard.widen}
          </Button>
        </div>
      </Empty>
    </div>
  );
}

function Notes({ data }: { data: Data }) {
  if (data.notes.length === 0) return null;
  return (
    <section aria-label={t.dashboard.notes} className="px-1 text-xs text-ink-mute">
      <ul className="flex list-disc flex-col gap-1 pl-4">
        {data.notes.map((note) => (
          <li key={note.code}>{note.text}</li>
        ))}
      </ul>
    </section>
  );
}
