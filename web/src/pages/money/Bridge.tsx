/** From the shop's own total to ours: a list of steps with their amounts, and the orders behind each. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "../../api/access";
import { type Bridge as BridgeData, bridgeQuery, type Model } from "../../api/money";
import { asProblem } from "../../api/problem";
import { formatFigure } from "../../format/number";
import { money } from "../../messages/money";
import { useBrand } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { DataTable } from "../../ui/DataTable";
import { Page } from "../../ui/Page";
import { Empty, Failed, LoadingRows } from "../../ui/States";
import { Claims } from "./Claims";
import { EnterTotal } from "./EnterTotal";
import { Shop } from "./Shop";
import { moneySearch } from "./search";
import { WindowForm } from "./WindowForm";

const route = getRouteApi("/shell/b/$brand/bridge");
const words = money.bridge;

export function Bridge() {
  const { brand: slug } = route.useParams();
  const { from, to, model } = moneySearch(route.useSearch() as Record<string, unknown>);
  const navigate = route.useNavigate();
  const brand = useBrand();
  const may = useMay("manage");
  const bridge = useQuery(bridgeQuery(slug, { from, to }, model));
  const [entering, setEntering] = useState(false);
  const shown = bridge.data;
  return (
    <Page title={words.title} scope={brand?.name} lead={words.lead}>
      {shown && (
        <div className="flex flex-wrap items-end justify-between gap-3">
          <WindowForm
            key={`${shown.from}${shown.to}`}
            shown={{ from: shown.from, to: shown.to }}
            onChange={(days) => void navigate({ search: { ...days, model } })}
          />
          {may && shown.shops.length > 0 && <Button onClick={() => setEntering(true)}>{words.enter}</Button>}
        </div>
      )}
      {bridge.isPending && (
        <div className="card">
          <LoadingRows rows={8} />
        </div>
      )}
      {bridge.isError && (
        <div className="card">
          <Failed problem={asProblem(bridge.error)} onRetry={() => void bridge.refetch()} />
        </div>
      )}
      {shown && (
        <Walk
          slug={slug}
          of={shown}
          onModel={(next) => void navigate({ search: moneySearch({ from, to, model: next }) })}
        />
      )}
      {shown && <EnterTotal slug={slug} of={shown} open={entering} onOpenChange={setEntering} />}
    </Page>
  );
}

function Walk({ slug, of, onModel }: { slug: string; of: BridgeData; onModel: (model: Model) => void }) {
  if (of.shops.length === 0)
    return (
      <div className="card">
        <Empty title={words.none}>{words.noneText}</Empty>
      </div>
    );
  const home = (value: string | null | undefined) => formatFigure(value, { unit: "money", currency: of.currency });
  return (
    <>
      {of.shops.map((shop) => (
        <Shop key={`${shop.store}${shop.currency}`} slug={slug} days={{ from: of.from, to: of.to }} of={shop} />
      ))}
      <Card title={words.brand} testId="bridge-brand">
        <p className="flex justify-between gap-4 px-4 pb-4 text-sm font-semibold sm:px-5">
          <span>{words.ours}</span>
          <span data-testid="bridge-net-sales" className="tabular-nums">
            {home(of.net_sales)}
          </span>
        </p>
      </Card>
      <Claims slug={slug} of={of} onModel={onModel} />
      <Presets of={of} />
    </>
  );
}

function Presets({ of }: { of: BridgeData }) {
  const home = (value: string | null | undefined, signed = false) =>
    formatFigure(value, { unit: "money", currency: of.currency, signed });
  return (
    <Card title={words.presets} lead={words.presetsLead} testId="presets">
      <DataTable
        id="presets"
        label={words.presets}
        columns={[
          {
            id: "figure",
            header: words.figure,
            left: true,
            cell: (one) => (
              <span title={one.formula} className="block min-w-32">
                <span className="block truncate font-medium">{one.label}</span>
                <span className="block truncate text-xs text-ink-mute">{one.who}</span>
              </span>
            ),
          },
          { id: "value", header: words.value, cell: (one) => home(one.value) },
          { id: "difference", header: words.difference, cell: (one) => home(one.difference, true) },
        ]}
        rows={of.presets}
        rowId={(one) => `${one.who} ${one.label}`}
      />
    </Card>
  );
}
