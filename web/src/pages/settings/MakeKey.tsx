import { useState } from "react";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Permission } from "../../api/types";
import { t } from "../../messages/en";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { Secret } from "../../ui/Secret";
import { BrandChoice, Check } from "./BrandChoice";

const DAYS = [7, 30, 90, 365];

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  permissions: Permission[];
}

export function MakeKey({ open, onOpenChange, permissions }: Props) {
  const [key, setKey] = useState<string | null>(null);
  const close = () => {
    onOpenChange(false);
    setKey(null);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={key ? t.apiKeys.shownTitle : t.apiKeys.make}
      lead={key ? t.apiKeys.shownLead : undefined}
    >
      {key ? (
        <Secret label={t.apiKeys.shownTitle} text={key} copy={t.apiKeys.copy} done={t.apiKeys.saved} onDone={close} />
      ) : (
        <Fields permissions={permissions} onMade={setKey} onCancel={close} />
      )}
    </Dialog>
  );
}

function Fields({
  permissions,
  onMade,
  onCancel,
}: {
  permissions: Permission[];
  onMade: (key: string) => void;
  onCancel: () => void;
}) {
  const { register, handleSubmit, setError, formState } = useForm<{ name: string; days: string }>({
    defaultValues: { name: "", days: "90" },
  });
  const [chosen, setChosen] = useState<Permission[]>(permissions.includes("view") ? ["view"] : []);
  const [brands, setBrands] = useState<string[] | null>(null);
  const [tried, setTried] = useState(false);
  const { errors, isSubmitting } = formState;
  const noBrand = brands?.length === 0;
  const submit = handleSubmit(async ({ name, days }) => {
    setTried(true);
    if (chosen.length === 0 || noBrand) return;
    const input = { name, permissions: chosen, expires_in_days: Number(days), ...(brands ? { brands } : {}) };
    try {
      const made = await body(api.POST("/api/keys", { body: input }));
      void queryClient.invalidateQueries({ queryKey: ["keys"] });
      onMade(made.key);
    } catch (error) {
      const problem = asProblem(error);
      setError(problem.field === "name" ? "name" : "root", { message: problem.message });
    }
  });
  return (
    <Form
      onSubmit={submit}
      onCancel={onCancel}
      action={t.apiKeys.make}
      busy={isSubmitting}
      error={errors.root?.message}
    >
      <TextField
        label={t.apiKeys.name}
        help={t.apiKeys.nameHelp}
        autoComplete="off"
        error={errors.name?.message}
        {...register("name", { validate: (text) => text.trim() !== "" || t.setup.required })}
      />
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 text-sm font-medium">{t.apiKeys.permissions}</legend>
        {permissions.map((one) => (
          <Check
            key={one}
            type="checkbox"
            label={t.apiKeys.names[one]}
            checked={chosen.includes(one)}
            onChange={(on) => setChosen(on ? [...chosen, one] : chosen.filter((other) => other !== one))}
          />
        ))}
        {tried && chosen.length === 0 && <p className="text-xs text-danger">{t.apiKeys.needOne}</p>}
      </fieldset>
      <BrandChoice value={brands} onChange={setBrands} error={tried && noBrand ? t.brandsOf.needOne : undefined} />
      <SelectField label={t.apiKeys.expires} {...register("days")}>
        {DAYS.map((days) => (
          <option key={days} value={days}>
            {t.apiKeys.days(days)}
          </option>
        ))}
      </SelectField>
    </Form>
  );
}
