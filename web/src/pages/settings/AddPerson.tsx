import { useForm } from "react-hook-form";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Role } from "../../api/types";
import { t } from "../../messages/en";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { toast } from "../../ui/toast";
import { PasswordField } from "../door/PasswordField";
import { EMAIL } from "../door/SetupFields";

interface Person {
  name: string;
  email: string;
  role: Role;
  password: string;
}

const FIELDS = ["name", "email", "role", "password"] as const;

export function AddPerson({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t.people.add}>
      <Fields onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Fields({ onDone }: { onDone: () => void }) {
  const { register, handleSubmit, setError, watch, formState } = useForm<Person>({ defaultValues: { role: "viewer" } });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async (form) => {
    try {
      await api.POST("/api/users", { body: { ...form, email: form.email.trim() } });
    } catch (error) {
      const problem = asProblem(error);
      const field = FIELDS.find((name) => name === problem.field);
      setError(field ?? "root", { message: problem.message }, { shouldFocus: true });
      return;
    }
    await queryClient.invalidateQueries({ queryKey: ["people"] });
    toast(t.people.added(form.name));
    onDone();
  });
  return (
    <Form onSubmit={submit} onCancel={onDone} action={t.people.add} busy={isSubmitting} error={errors.root?.message}>
      <TextField
        label={t.people.name}
        autoComplete="off"
        error={errors.name?.message}
        {...register("name", { validate: (text) => text.trim() !== "" || t.setup.required })}
      />
      <TextField
        label={t.people.email}
        type="email"
        autoComplete="off"
        error={errors.email?.message}
        {...register("email", { validate: (text) => EMAIL.test(text.trim()) || t.setup.badEmail })}
      />
      <SelectField label={t.people.role} help={t.people.may[watch("role")]} {...register("role")}>
        {(Object.keys(t.people.roles) as Role[]).map((role) => (
          <option key={role} value={role}>
            {t.people.roles[role]}
          </option>
        ))}
      </SelectField>
      <PasswordField
        label={t.people.password}
        help={t.people.passwordHelp}
        autoComplete="new-password"
        error={errors.password?.message}
        {...register("password", { validate: (text) => [...text].length >= 12 || t.setup.passwordShort })}
      />
    </Form>
  );
}
