import { useForm } from "react-hook-form";
import { type Integration, resync } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import { addDays, isDay } from "../../format/date";
import { integrations } from "../../messages/integrations";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { toast } from "../../ui/toast";

/** Asks for some days once more. */
export function Resync({ one, open, onClose }: { one: Integration; open: boolean; onClose: () => void }) {
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={integrations.resync}
      lead={integrations.resyncLead}
    >
      <Days one={one} onClose={onClose} />
    </Dialog>
  );
}

function Days({ one, onClose }: { one: Integration; onClose: () => void }) {
  const { register, handleSubmit, getValues, setError, formState } = useForm<{ from: string; to: string }>({
    mode: "onTouched",
    defaultValues: { from: "", to: "" },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async ({ from, to }) => {
    try {
      // People name the last day; the API the day after it.
      await resync(one.id, from, addDays(to, 1));
      toast(integrations.resyncBegun);
      onClose();
      void queryClient.invalidateQueries({ queryKey: ["integrations"] });
    } catch (error) {
      const problem = asProblem(error);
      const field = problem.field === "from" || problem.field === "to" ? problem.field : "root";
      setError(field, { message: problem.message });
    }
  });
  const day = (text: string) => isDay(text) || integrations.needDay;
  return (
    <Form
      onSubmit={submit}
      onCancel={onClose}
      action={integrations.resyncGo}
      busy={isSubmitting}
      error={errors.root?.message}
    >
      <div className="grid grid-cols-2 gap-3">
        <TextField
          type="date"
          label={integrations.from}
          error={errors.from?.message}
          {...register("from", { validate: day })}
        />
        <TextField
          type="date"
          label={integrations.to}
          error={errors.to?.message}
          {...register("to", {
            validate: { day, order: (to) => getValues("from") <= to || integrations.order },
          })}
        />
      </div>
    </Form>
  );
}
