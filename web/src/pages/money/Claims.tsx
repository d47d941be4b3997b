/** From our net sales to what the platforms claim: each step with its rows, whoever the chosen model credits. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Behind as Asked, type Bridge, type ClaimRow, claimsQuery, type Days, type Model } from "../../api/money";
import { asProblem } from "../../api/problem";
import { dayLabel } from "../../format/date";
import { formatFigure } from "../../format/number";
import { money } from "../../messages/money";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { Failed, LoadingRows } from "../../ui/States";
import { nameOf } from "../attribution/names";
import { OrdersBehind, titleOf } from "./Behind";
import { isZero, Opener, Residual, Step } from "./Steps";
import { MODELS } from "./search";

const words = money.bridge;

/** What is open: the claims beside the credits, or the orders behind something. */
type Open = "claims" | Asked;

export function Claims({ slug, of, onModel }: { slug: string; of: Bridge; onModel: (model: Model) => void }) {
  const [open, setOpen] = useState<Open | null>(null);
  const { claims } = of;
  const days = { from: of.from, to: of.to };
  const model = claims.model as Model;
  const home = (value: string | null | undefined, signed = false) =>
    formatFigure(value, { unit: "money", currency: of.currency, signed });
  const [unattributed, other, double] = claims.steps;
  const behind = (step: "unattributed" | "other_channels" | "credited", orders: number) =>
    orders > 0 && (
      <Opener step={titleOf(step)} label={words.orders(orders)} onOpen={() => setOpen({ ...days, model, step })} />
    );
  return (
    <Card title={words.claims} lead={words.claimsLead} testId="claims">
      <div className="px-4 pb-3 sm:px-5">
        <label className="sr-only" htmlFor="bridge-model">
          {words.model}
        </label>
        <select
          id="bridge-model"
          value={model}
          onChange={(event) => onModel(event.target.value as Model)}
          className="field w-auto border-line font-medium"
        >
          {MODELS.map((one) => (
            <option key={one} value={one}>
              {words.models[one]}
            </option>
          ))}
        </select>
      </div>
      <ol className="flex flex-col text-sm">
        <Step strong label={words.ours} value={home(of.net_sales)} testId="claims-net-sales" />
        {unattributed && (
          <Step
            label={words.claimSteps.unattributed}
            value={home(unattributed.amount, true)}
            testId="claim-step-unattributed"
          >
            {behind("unattributed", unattributed.orders)}
          </Step>
        )}
        {other && (
          <Step
            label={words.claimSteps.other_channels}
            value={home(other.amount, true)}
            testId="claim-step-other_channels"
          >
            {behind("other_channels", other.orders)}
          </Step>
        )}
        <Step strong label={words.credited} value={home(claims.credited)} testId="claims-credited">
          {double && behind("credited", double.orders)}
        </Step>
        {double && (
          <Step
            label={words.claimSteps.double_claims}
            value={home(double.amount, true)}
            testId="claim-step-double_claims"
          >
            {(double.claims ?? 0) > 0 && (
              <Opener
                step={words.claimSteps.double_claims}
                label={words.claimRows(double.claims ?? 0)}
                onOpen={() => setOpen("claims")}
              />
            )}
            <span className="mt-1 block max-w-prose">{double.not_tied}</span>
          </Step>
        )}
        <Step strong label={words.claimedAll} value={home(claims.total)} testId="claims-total">
          {!isZero(claims.beyond_sales) && words.beyondSales(home(claims.beyond_sales))}
        </Step>
      </ol>
      {claims.channels.length > 0 && (
        <div className="border-line border-t">
          <DataTable
            id="claims"
            label={words.claims}
            columns={[
              { id: "channel", header: words.channel, left: true, cell: (one) => nameOf(one.channel) },
              { id: "claimed", header: words.claimed, cell: (one) => home(one.revenue) },
              { id: "credited", header: words.creditedShort, cell: (one) => home(one.credited) },
              { id: "difference", header: words.beyond, cell: (one) => home(one.difference, true) },
            ]}
            rows={claims.channels}
            rowId={(one) => one.channel}
          />
        </div>
      )}
      <Residual zero={isZero(claims.residual)} value={home(claims.residual)} testId="claims-residual" />
      <Dialog
        open={open !== null}
        onOpenChange={(shown) => !shown && setOpen(null)}
        title={open === null ? "" : open === "claims" ? words.claimSteps.double_claims : titleOf(open.step)}
        drawer
      >
        {open === "claims" && (
          <Beside
            slug={slug}
            days={days}
            model={model}
            currency={of.currency}
            onOrders={(row) => setOpen(asked(row))}
          />
        )}
        {open !== null && open !== "claims" && <OrdersBehind slug={slug} of={open} />}
      </Dialog>
    </Card>
  );

  function asked(row: ClaimRow): Asked {
    return {
      ...days,
      model,
      step: "credited",
      day: row.day,
      channel: row.channel,
      campaign: row.campaign ?? "",
    };
  }
}

function Beside({
  slug,
  days,
  model,
  currency,
  onOrders,
}: {
  slug: string;
  days: Required<Days>;
  model: Model;
  currency: string;
  onOrders: (row: ClaimRow) => void;
}) {
  const claims = useInfiniteQuery(claimsQuery(slug, days, model));
  if (claims.isPending) return <LoadingRows rows={6} />;
  if (claims.isError) return <Failed problem={asProblem(claims.error)} onRetry={() => void claims.refetch()} />;
  const home = (value: string, signed = false) => formatFigure(value, { unit: "money", currency, signed });
  const columns: Column<ClaimRow>[] = [
    {
      id: "campaign",
      header: words.campaign,
      left: true,
      cell: (one) => (
        <span className="block min-w-32">
          <span className="block font-medium">{one.campaign ?? words.noCampaign}</span>
          <span className="block text-xs text-ink-mute">
            {nameOf(one.channel)} · {dayLabel(one.day)}
          </span>
        </span>
      ),
    },
    { id: "claimed", header: words.claimed, cell: (one) => home(one.claimed) },
    {
      id: "credited",
      header: words.creditedShort,
      cell: (one) => (
        <span className="block">
          <span className="block">{home(one.credited)}</span>
          {one.orders > 0 && (
            <Opener
              step={`${one.campaign ?? words.noCampaign}, ${dayLabel(one.day)}`}
              label={words.orders(one.orders)}
              onOpen={() => onOrders(one)}
            />
          )}
        </span>
      ),
    },
    { id: "difference", header: words.beyond, cell: (one) => home(one.difference, true) },
  ];
  const rows = claims.data.pages.flatMap((page) => page.claims);
  return (
    <div className="flex flex-col gap-3">
      <DataTable
        id="beside"
        label={words.claimSteps.double_claims}
        columns={columns}
        rows={rows}
        rowId={(one) => `${one.day}${one.channel}${one.campaign}`}
      />
      {claims.hasNextPage && (
        <Button disabled={claims.isFetchingNextPage} onClick={() => void claims.fetchNextPage()}>
          {words.moreClaims}
        </Button>
      )}
    </div>
  );
}
