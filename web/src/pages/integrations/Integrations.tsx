/** Where the figures come from: every source with its state, one of them in full, or a new one. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useLocation, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, Plus } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useMay } from "../../api/access";
import { integrationsQuery, type SourceName, sourcesQuery } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { integrations, wizard } from "../../messages/integrations";
import { useBrand } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { Page } from "../../ui/Page";
import { Failed, Forbidden, Loading } from "../../ui/States";
import { toast } from "../../ui/toast";
import { Connect } from "./Connect";
import { Detail } from "./Detail";
import { nameOf, SOURCES } from "./looks";
import { Overview } from "./Overview";

const route = getRouteApi("/shell/b/$brand/integrations");

export function Integrations() {
  const { brand: slug } = route.useParams();
  const search = route.useSearch();
  const brand = useBrand();
  const me = useQuery(meQuery).data;
  const [sees, connects] = [useMay("view"), useMay("connect")];
  const query = useQuery({ ...integrationsQuery(slug), enabled: sees });
  const offline =
    useQuery({ ...sourcesQuery, enabled: connects }).data?.find((one) => one.unreachable)?.unreachable ?? null;
  const { data } = query;
  const one = data?.find(({ id }) => id === search.id);
  useReturn();
  const source = connects ? SOURCES.find((name) => name === search.connect) : undefined;

  if (me && !sees) {
    return (
      <Frame title={integrations.title}>
        <div className="card">
          <Forbidden need="view" />
        </div>
      </Frame>
    );
  }
  if (!data || !brand) {
    return (
      <Frame title={integrations.title} lead={integrations.lead} scope={brand?.name}>
        {query.isError ? (
          <div className="card">
            <Failed problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
          </div>
        ) : (
          <Bones />
        )}
      </Frame>
    );
  }
  if (source) {
    const label = integrations.sources[source];
    return (
      <Frame
        title={one ? integrations.reconnectOf(label) : integrations.connectSource(label)}
        scope={brand.name}
        back={slug}
      >
        <Connect key={source} name={source} brand={slug} old={one} />
      </Frame>
    );
  }
  if (one) {
    return (
      <Frame title={nameOf(one)} scope={brand.name} back={slug}>
        <Detail key={one.id} one={one} brand={slug} />
      </Frame>
    );
  }
  return (
    <Frame
      title={integrations.title}
      lead={integrations.lead}
      scope={brand.name}
      actions={connects && !offline && data.length > 0 && <Another brand={slug} />}
    >
      <Overview all={data} brand={slug} offline={offline} />
    </Frame>
  );
}

/** Says how it ended on the platform's own page, once. */
function useReturn(): void {
  const navigate = route.useNavigate();
  const word = useLocation({ select: ({ hash }) => /^connect=(\w+)$/.exec(hash)?.[1] });
  useEffect(() => {
    if (!word) return;
    toast(wizard.ended[word] ?? "", word === "done" ? "plain" : "bad");
    void navigate({ search: (before) => before, hash: "", replace: true });
  }, [word, navigate]);
}

function Frame({
  back,
  children,
  ...page
}: {
  title: string;
  lead?: string;
  scope?: string;
  back?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <>
      {back && (
        <Link
          to="/b/$brand/integrations"
          params={{ brand: back }}
          className="tap -mt-1 mb-2 inline-flex h-8 items-center gap-1.5 rounded-lg text-xs font-medium text-ink-mute hover:text-ink"
        >
          <ArrowLeft className="size-3.5" aria-hidden="true" />
          {integrations.back}
        </Link>
      )}
      <Page wide {...page}>
        {children}
      </Page>
    </>
  );
}

/** A shop or an account more of a source that is connected already. */
function Another({ brand }: { brand: string }) {
  const navigate = useNavigate();
  const go = (connect: SourceName) =>
    void navigate({ to: "/b/$brand/integrations", params: { brand }, search: { connect } });
  return (
    <Menu
      trigger={
        <Button>
          <Plus className="size-4" aria-hidden="true" />
          {integrations.another}
        </Button>
      }
      items={SOURCES.map((source) => ({ id: source, label: integrations.sources[source], run: () => go(source) }))}
    />
  );
}

function Bones() {
  return (
    <Loading>
      <div className="grid gap-3 sm:gap-4 md:grid-cols-2">
        {SOURCES.map((source) => (
          <div key={source} className="card bone h-44" />
        ))}
      </div>
    </Loading>
  );
}
