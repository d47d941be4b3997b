import { t } from "../../messages/en";
import { cx } from "../../ui/cx";
import { TextField } from "../../ui/Field";
import { PasswordField } from "./PasswordField";
import type { SetupFormApi } from "./Setup";

export const EMAIL = /^[^\s@]+@[^\s@]+$/;

export function TokenFields({ form }: { form: SetupFormApi }) {
  return (
    <TextField
      label={t.setup.token}
      help={t.setup.tokenHelp}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      className="font-mono"
      error={form.formState.errors.token?.message}
      {...form.register("token", { validate: (token) => token.trim() !== "" || t.setup.needToken })}
    />
  );
}

export function OwnerFields({ form }: { form: SetupFormApi }) {
  const { register, formState, watch } = form;
  const { errors } = formState;
  const required = (text: string) => text.trim() !== "" || t.setup.required;
  return (
    <>
      <TextField
        label={t.setup.company}
        autoComplete="organization"
        error={errors.tenant_name?.message}
        {...register("tenant_name", { validate: required })}
      />
      <TextField
        label={t.setup.name}
        autoComplete="name"
        error={errors.name?.message}
        {...register("name", { validate: required })}
      />
      <TextField
        label={t.setup.email}
        type="email"
        autoComplete="username"
        error={errors.email?.message}
        {...register("email", { validate: (text) => EMAIL.test(text.trim()) || t.setup.badEmail })}
      />
      <PasswordField
        label={t.setup.password}
        help={t.setup.passwordHelp}
        autoComplete="new-password"
        error={errors.password?.message}
        {...register("password", { validate: (text) => [...text].length >= 12 || t.setup.passwordShort })}
      />
      <Strength password={watch("password") ?? ""} />
    </>
  );
}

/** 0 too short, 1 weak, 2 fair, 3 strong: length first, then variety. The server has the last word. */
export function strengthOf(password: string): number {
  const letters = [...password];
  if (letters.length < 12) return 0;
  const distinct = new Set(letters.map((letter) => letter.toLowerCase())).size;
  if (distinct < 7) return 1;
  return letters.length >= 16 && distinct >= 9 ? 3 : 2;
}

function Strength({ password }: { password: string }) {
  const level = strengthOf(password);
  const colour = ["bg-line-strong", "bg-bad", "bg-warn", "bg-good"][level];
  if (!password) return null;
  return (
    <div className="flex items-center gap-3 text-xs text-ink-mute">
      <div className="grid flex-1 grid-cols-3 gap-1" aria-hidden="true">
        {[1, 2, 3].map((step) => (
          <span key={step} className={cx("h-1 rounded", step <= level ? colour : "bg-sunken")} />
        ))}
      </div>
      <span role="status">{t.setup.strength[level]}</span>
    </div>
  );
}
