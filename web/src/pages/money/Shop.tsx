/** One shop's walk: its total, each step with its orders, our net sales, and what is left over. */
import { useState } from "react";
import { useMay } from "../../api/access";
import { api } from "../../api/client";
import { type Days, figuresChanged, type ShopBridge, type StepName } from "../../api/money";
import { asProblem } from "../../api/problem";
import { formatFigure } from "../../format/number";
import { money } from "../../messages/money";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { toast } from "../../ui/toast";
import { Behind } from "./Behind";
import { isZero, Opener, Residual, Step } from "./Steps";

const words = money.bridge;

interface Props {
  slug: string;
  days: Required<Days>;
  of: ShopBridge;
}

export function Shop({ slug, days, of }: Props) {
  const [open, setOpen] = useState<StepName | null>(null);
  const own = (value: string | null | undefined, signed = false) =>
    formatFigure(value, { unit: "money", currency: of.currency, signed });
  const behind = (step: StepName, name: string, label: string) => (
    <Opener step={name} label={label} onOpen={() => setOpen(step)} />
  );
  return (
    <Card title={`${of.store} · ${of.currency}`} testId="bridge-shop">
      <ol className="flex flex-col pb-2 text-sm">
        <Step
          strong
          label={words.shopTotal}
          value={of.total ? own(of.total.amount) : words.notGiven}
          testId="shop-total"
        >
          {of.total ? words.origin[of.total.origin] : of.how}
          {of.total?.id && <Withdraw slug={slug} id={of.total.id} />}
        </Step>
        {of.steps.map((step) => (
          <Step
            key={step.step}
            label={words.steps[step.step]}
            value={own(step.amount, true)}
            testId={`step-${step.step}`}
          >
            {step.orders > 0 && behind(step.step, words.steps[step.step], words.orders(step.orders))}
          </Step>
        ))}
        <Step strong label={words.ours} value={own(of.net_sales)} testId="shop-net-sales" />
        {of.converted && (
          <Step
            label={words.converted(of.converted.currency)}
            value={formatFigure(of.converted.amount, { unit: "money", currency: of.converted.currency })}
            testId="converted"
          >
            {behind("currency", words.converted(of.converted.currency), words.theOrders)}
          </Step>
        )}
      </ol>
      {of.residual !== null && of.residual !== undefined && (
        <Residual zero={isZero(of.residual)} value={own(of.residual)} testId="residual">
          {!isZero(of.residual) && behind("residual", words.residual, words.theOrders)}
        </Residual>
      )}
      <Behind
        slug={slug}
        of={open ? { ...days, store: of.store, currency: of.currency, step: open } : null}
        onClose={() => setOpen(null)}
      />
    </Card>
  );
}

function Withdraw({ slug, id }: { slug: string; id: string }) {
  const may = useMay("manage");
  const [busy, setBusy] = useState(false);
  if (!may) return null;
  async function withdraw(): Promise<void> {
    setBusy(true);
    try {
      await api.DELETE("/api/brands/{brand}/bridge/totals/{id}", { params: { path: { brand: slug, id } } });
      await figuresChanged(slug);
      toast(words.withdrawn);
    } catch (error) {
      toast(asProblem(error).message, "bad");
    }
    setBusy(false);
  }
  return (
    <Button look="ghost" className="ml-1 h-6 px-1.5 text-xs" disabled={busy} onClick={() => void withdraw()}>
      {words.withdraw}
    </Button>
  );
}
