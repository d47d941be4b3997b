/** Enters a cost: the fields that its kind has, and no others. */
import { useForm } from "react-hook-form";
import { api } from "../../api/client";
import { type CostInput, type CostKind, type CostPeriod, figuresChanged } from "../../api/money";
import { asProblem } from "../../api/problem";
import { addDays } from "../../format/date";
import { t } from "../../messages/en";
import { money } from "../../messages/money";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { toast } from "../../ui/toast";
import { fraction } from "./search";

const words = money.profit;

interface Typed {
  kind: CostKind;
  name: string;
  applies_to: string;
  percent: string;
  amount: string;
  period: CostPeriod;
  from: string;
  last: string;
}

const START: Typed = {
  kind: "shipping",
  name: "",
  applies_to: "",
  percent: "",
  amount: "",
  period: "month",
  from: "",
  last: "",
};
/** The API's names of the fields here. */
const FIELDS: Record<string, keyof Typed> = { rate: "percent", until: "last" };

const hasRate = (kind: CostKind) => kind === "default_cost" || kind === "payment_fee";
const hasAmount = (kind: CostKind) => kind !== "default_cost";

function inputOf(form: Typed): CostInput {
  const { kind } = form;
  const some = (text: string) => text.trim() || undefined;
  return {
    kind,
    name: some(form.name),
    applies_to: kind === "shipping" || kind === "payment_fee" ? some(form.applies_to) : undefined,
    rate: hasRate(kind) && some(form.percent) ? fraction(form.percent) : undefined,
    amount: hasAmount(kind) ? some(form.amount) : undefined,
    period: kind === "fixed" ? form.period : undefined,
    from: form.from,
    until: form.last ? addDays(form.last, 1) : undefined,
  };
}

interface Props {
  slug: string;
  currency: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

export function AddCost({ slug, currency, open, onOpenChange }: Props) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={words.add}>
      <Fields slug={slug} currency={currency} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Fields({ slug, currency, onDone }: { slug: string; currency: string; onDone: () => void }) {
  const { register, handleSubmit, setError, watch, formState } = useForm<Typed>({ defaultValues: START });
  const { errors, isSubmitting } = formState;
  const kind = watch("kind");
  const submit = handleSubmit(async (form) => {
    try {
      await api.POST("/api/brands/{brand}/costs", { params: { path: { brand: slug } }, body: inputOf(form) });
    } catch (error) {
      const problem = asProblem(error);
      const named = problem.field ?? "";
      const field = FIELDS[named] ?? (named in START ? (named as keyof Typed) : "root");
      setError(field, { message: problem.message }, { shouldFocus: true });
      return;
    }
    await figuresChanged(slug);
    toast(words.added);
    onDone();
  });
  return (
    <Form onSubmit={submit} onCancel={onDone} action={words.add} busy={isSubmitting} error={errors.root?.message}>
      <SelectField label={words.kind} help={words.kindHelp[kind]} {...register("kind")}>
        {(Object.keys(words.kinds) as CostKind[]).map((one) => (
          <option key={one} value={one}>
            {words.kinds[one]}
          </option>
        ))}
      </SelectField>
      <TextField
        label={words.name}
        placeholder={words.kinds[kind]}
        error={errors.name?.message}
        {...register("name")}
      />
      {(kind === "shipping" || kind === "payment_fee") && (
        <TextField
          label={words.appliesTo[kind]}
          help={words.appliesToHelp[kind]}
          autoCapitalize="none"
          error={errors.applies_to?.message}
          {...register("applies_to")}
        />
      )}
      {hasRate(kind) && (
        <TextField
          label={words.rate}
          help={words.rateHelp}
          inputMode="decimal"
          error={errors.percent?.message}
          {...register("percent")}
        />
      )}
      {hasAmount(kind) && (
        <TextField
          label={`${words.amount} (${currency})`}
          inputMode="decimal"
          error={errors.amount?.message}
          {...register("amount")}
        />
      )}
      {kind === "fixed" && (
        <SelectField label={words.period} error={errors.period?.message} {...register("period")}>
          {(Object.keys(words.periods) as CostPeriod[]).map((one) => (
            <option key={one} value={one}>
              {words.periods[one]}
            </option>
          ))}
        </SelectField>
      )}
      <div className="grid grid-cols-2 gap-3">
        <TextField
          label={words.from}
          type="date"
          error={errors.from?.message}
          {...register("from", { validate: (text) => text !== "" || t.setup.required })}
        />
        <TextField
          label={words.until}
          help={words.untilHelp}
          type="date"
          error={errors.last?.message}
          {...register("last")}
        />
      </div>
    </Form>
  );
}
