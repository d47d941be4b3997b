/** Enters the total that a person read in the shop's own report. */
import { useForm } from "react-hook-form";
import { api } from "../../api/client";
import { type Bridge, figuresChanged, type Report } from "../../api/money";
import { asProblem } from "../../api/problem";
import { windowLabel } from "../../format/date";
import { money } from "../../messages/money";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { toast } from "../../ui/toast";

const words = money.bridge;

interface Typed {
  shop: string;
  report: Report;
  amount: string;
  timezone: string;
}

interface Props {
  slug: string;
  of: Bridge;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function EnterTotal({ slug, of, open, onOpenChange }: Props) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={words.enter}
      lead={`${windowLabel(of.from, of.to)}. ${words.enterLead}`}
    >
      <Fields slug={slug} of={of} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Fields({ slug, of, onDone }: { slug: string; of: Bridge; onDone: () => void }) {
  const { register, handleSubmit, setError, formState } = useForm<Typed>({
    defaultValues: { shop: "0", report: "total_sales", amount: "", timezone: of.timezone },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async (form) => {
    const shop = of.shops[Number(form.shop)];
    const body = {
      store: shop?.store,
      currency: shop?.currency,
      from: of.from,
      to: of.to,
      amount: form.amount.trim(),
      timezone: form.timezone.trim(),
      report: form.report,
    };
    try {
      await api.POST("/api/brands/{brand}/bridge/totals", { params: { path: { brand: slug } }, body });
    } catch (error) {
      const problem = asProblem(error);
      const field = (["amount", "timezone", "report"] as const).find((name) => name === problem.field);
      setError(field ?? "root", { message: problem.message }, { shouldFocus: true });
      return;
    }
    await figuresChanged(slug);
    toast(words.entered);
    onDone();
  });
  return (
    <Form onSubmit={submit} onCancel={onDone} action={words.enter} busy={isSubmitting} error={errors.root?.message}>
      <SelectField label={words.store} {...register("shop")}>
        {of.shops.map((shop, at) => (
          <option key={`${shop.store}${shop.currency}`} value={at}>
            {shop.store} · {shop.currency}
          </option>
        ))}
      </SelectField>
      <SelectField label={words.report} error={errors.report?.message} {...register("report")}>
        {(Object.keys(words.reports) as Report[]).map((one) => (
          <option key={one} value={one}>
            {words.reports[one]}
          </option>
        ))}
      </SelectField>
      <TextField label={words.amount} inputMode="decimal" error={errors.amount?.message} {...register("amount")} />
      <TextField label={words.timezone} error={errors.timezone?.message} {...register("timezone")} />
    </Form>
  );
}
