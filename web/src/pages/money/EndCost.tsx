/** Asks for the last day of a cost. */
import { useForm } from "react-hook-form";
import { api } from "../../api/client";
import { type Cost, figuresChanged } from "../../api/money";
import { asProblem } from "../../api/problem";
import { addDays } from "../../format/date";
import { money } from "../../messages/money";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { toast } from "../../ui/toast";

const words = money.profit;

export function EndCost({ slug, cost, onClose }: { slug: string; cost: Cost | null; onClose: () => void }) {
  return (
    <Dialog open={cost !== null} onOpenChange={(open) => !open && onClose()} title={words.endTitle(cost?.name ?? "")}>
      {cost && <Fields slug={slug} cost={cost} onDone={onClose} />}
    </Dialog>
  );
}

function Fields({ slug, cost, onDone }: { slug: string; cost: Cost; onDone: () => void }) {
  const last = cost.until ? addDays(cost.until, -1) : "";
  const { register, handleSubmit, setError, formState } = useForm({ defaultValues: { last } });
  const submit = handleSubmit(async (form) => {
    const until = form.last ? addDays(form.last, 1) : null;
    try {
      const path = { brand: slug, id: cost.id };
      await api.PATCH("/api/brands/{brand}/costs/{id}", { params: { path }, body: { until } });
    } catch (error) {
      setError("last", { message: asProblem(error).message }, { shouldFocus: true });
      return;
    }
    await figuresChanged(slug);
    toast(words.ended);
    onDone();
  });
  return (
    <Form onSubmit={submit} onCancel={onDone} action={words.end} busy={formState.isSubmitting}>
      <TextField
        label={words.until}
        help={words.untilHelp}
        type="date"
        error={formState.errors.last?.message}
        {...register("last")}
      />
    </Form>
  );
}
