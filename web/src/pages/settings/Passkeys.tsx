/** One's passkeys: made, listed, removed. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { hasPasskeys, makePasskey } from "../../api/passkeys";
import { asProblem } from "../../api/problem";
import { passkeysQuery, queryClient } from "../../api/queries";
import type { Passkey } from "../../api/types";
import { ageLabel, instantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { passkeys as words } from "../../messages/passkeys";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { PasswordField } from "../door/PasswordField";

type Step = { at: "make" } | { at: "remove"; passkey: Passkey };

export function Passkeys() {
  const passkeys = useQuery(passkeysQuery);
  const [step, setStep] = useState<Step | null>(null);
  const rows = passkeys.data?.passkeys ?? [];
  const here = hasPasskeys(passkeys.data?.host);
  const close = () => setStep(null);
  return (
    <Card
      title={words.title}
      lead={words.lead}
      testId="passkeys"
      className="overflow-hidden"
      actions={
        here && (
          <Button look="primary" onClick={() => setStep({ at: "make" })}>
            {words.add}
          </Button>
        )
      }
    >
      {passkeys.isPending && <LoadingRows rows={1} />}
      {passkeys.isError && <Failed problem={asProblem(passkeys.error)} onRetry={() => void passkeys.refetch()} />}
      {passkeys.data && rows.length === 0 && (
        <p data-testid="passkeys-none" className="px-4 pb-4 text-sm text-ink-mute sm:px-5">
          {here ? words.none : words.notHere}
        </p>
      )}
      {rows.length > 0 && (
        <DataTable
          id="passkeys"
          label={words.title}
          columns={columns((passkey) => setStep({ at: "remove", passkey }))}
          rows={rows}
          rowId={(row) => row.id}
        />
      )}
      <Dialog
        open={step !== null}
        onOpenChange={(open) => !open && close()}
        title={step?.at === "remove" ? words.removeQuestion(step.passkey.name) : words.add}
        lead={step?.at === "remove" ? words.removeLead : words.addLead}
      >
        {step && <Proof key={step.at} step={step} onDone={close} />}
      </Dialog>
    </Card>
  );
}

interface Proven {
  name: string;
  password: string;
}

async function make({ name, password }: Proven): Promise<string | null> {
  const asked = await body(api.POST("/api/auth/passkeys", { body: password ? { password } : {} }));
  const credential = await makePasskey(asked.options as Record<string, unknown>);
  if (!credential) return words.stopped;
  await api.POST("/api/auth/passkeys/confirm", { body: { ceremony: asked.ceremony, name, credential } });
  toast(words.added(name));
  return null;
}

async function remove(passkey: Passkey, { password }: Proven): Promise<null> {
  const path = { id: passkey.id };
  await api.POST("/api/auth/passkeys/{id}/remove", { params: { path }, body: password ? { password } : {} });
  toast(words.removed(passkey.name));
  return null;
}

/** The password is asked for only once the server wants it: a session that just began is proof enough. */
function Proof({ step, onDone }: { step: Step; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  const { register, handleSubmit, setError, formState } = useForm<Proven>({
    defaultValues: { name: words.thisDevice, password: "" },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async (proven) => {
    try {
      const stopped = await (step.at === "make" ? make(proven) : remove(step.passkey, proven));
      if (stopped) return setError("root", { message: stopped });
    } catch (error) {
      if (error instanceof DOMException) return setError("root", { message: words.already });
      const problem = asProblem(error);
      if (problem.code === "confirm_yourself") return setAsking(true);
      const field = problem.field === "name" || problem.field === "password" ? problem.field : "root";
      return setError(field, { message: problem.message }, { shouldFocus: field !== "root" });
    }
    onDone();
    await queryClient.invalidateQueries({ queryKey: ["passkeys"] });
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      {step.at === "make" && (
        <TextField
          label={words.name}
          help={words.nameHelp}
          error={errors.name?.message}
          {...register("name", { validate: (text) => text.trim() !== "" || t.setup.required })}
        />
      )}
      {asking && (
        <PasswordField
          label={t.profile.current}
          help={words.confirm}
          autoComplete="current-password"
          error={errors.password?.message}
          {...register("password", { validate: (text) => text !== "" || t.door.needPassword })}
        />
      )}
      <p role="alert" className="text-sm text-danger empty:hidden">
        {errors.root?.message}
      </p>
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t.cancel}</Button>
        <Button look={step.at === "make" ? "primary" : "danger"} type="submit" disabled={isSubmitting}>
          {step.at === "make" ? words.go : words.remove}
        </Button>
      </div>
    </form>
  );
}

function columns(onRemove: (passkey: Passkey) => void): Column<Passkey>[] {
  return [
    {
      id: "name",
      header: words.name,
      left: true,
      cell: (passkey) => <span className="font-medium">{passkey.name}</span>,
    },
    {
      id: "created",
      header: words.made,
      sort: (passkey) => passkey.created_at,
      cell: (passkey) => <span className="text-ink-mute">{instantLabel(passkey.created_at)}</span>,
    },
    {
      id: "used",
      header: words.used,
      cell: (passkey) => (
        <span className="text-ink-mute">
          {passkey.last_used_at ? ageLabel(passkey.last_used_at, Date.now()) : words.never}
        </span>
      ),
    },
    {
      id: "actions",
      header: words.remove,
      hidden: true,
      cell: (passkey) => (
        <Button look="ghost" aria-label={words.removeOf(passkey.name)} onClick={() => onRemove(passkey)}>
          {words.remove}
        </Button>
      ),
    },
  ];
}
