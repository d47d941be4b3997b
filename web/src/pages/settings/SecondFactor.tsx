/** One's second factor: set up with a confirmed code, recovered, taken away. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { factorQuery, queryClient } from "../../api/queries";
import { refresh } from "../../api/session";
import type { Enrolment } from "../../api/types";
import { t } from "../../messages/en";
import { Button, buttonClass } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { Secret } from "../../ui/Secret";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { PasswordField } from "../door/PasswordField";

type Step =
  | { at: "password" }
  | { at: "scan"; enrolment: Enrolment }
  | { at: "codes"; codes: string[] }
  | { at: "renew" }
  | { at: "remove" };

const TITLES = {
  password: t.factor.title,
  scan: t.factor.title,
  codes: t.factor.codesTitle,
  renew: t.factor.renew,
  remove: t.factor.remove,
};
const LEADS = {
  password: t.factor.lead,
  scan: t.factor.scan,
  codes: t.factor.codesLead,
  renew: t.factor.renewLead,
  remove: t.factor.removeLead,
};

/** What one may do may have changed with it. */
async function again(): Promise<void> {
  await refresh();
  await queryClient.invalidateQueries({ queryKey: ["factor"] });
  await queryClient.invalidateQueries({ queryKey: ["me"] });
  await queryClient.invalidateQueries({ queryKey: ["brands"] });
}

export function SecondFactor() {
  const factor = useQuery(factorQuery);
  const [step, setStep] = useState<Step | null>(null);
  const { data } = factor;
  return (
    <Card title={t.factor.title} lead={t.factor.lead} testId="second-factor">
      {factor.isPending && <LoadingRows rows={1} />}
      {factor.isError && <Failed problem={asProblem(factor.error)} onRetry={() => void factor.refetch()} />}
      {data && (
        <div className="flex flex-wrap items-center justify-between gap-3 px-4 pb-4 text-sm sm:px-5">
          <p data-testid="second-factor-state" data-state={data.enrolled ? "on" : "off"}>
            <span className="font-medium">{data.enrolled ? t.factor.on : t.factor.off}</span>
            {data.enrolled && <span className="text-ink-mute"> · {t.factor.left(data.recovery_codes_left)}</span>}
          </p>
          <div className="flex flex-wrap gap-2">
            {!data.enrolled && (
              <Button look="primary" onClick={() => setStep({ at: "password" })}>
                {t.factor.setUp}
              </Button>
            )}
            {data.enrolled && <Button onClick={() => setStep({ at: "renew" })}>{t.factor.renew}</Button>}
            {data.enrolled && !data.required && (
              <Button look="danger" onClick={() => setStep({ at: "remove" })}>
                {t.factor.remove}
              </Button>
            )}
          </div>
        </div>
      )}
      <Dialog
        open={step !== null}
        onOpenChange={(open) => !open && setStep(null)}
        title={step ? TITLES[step.at] : t.factor.title}
        lead={step ? LEADS[step.at] : undefined}
      >
        {step && <Steps step={step} onStep={setStep} />}
      </Dialog>
    </Card>
  );
}

function Steps({ step, onStep }: { step: Step; onStep: (step: Step | null) => void }) {
  const cancel = () => onStep(null);
  switch (step.at) {
    case "password":
      return (
        <Proof
          ask={["password"]}
          action={t.factor.begin}
          onCancel={cancel}
          run={async ({ password }) => {
            const enrolment = await body(api.POST("/api/auth/totp", { body: { password } }));
            onStep({ at: "scan", enrolment });
          }}
        />
      );
    case "scan":
      return (
        <Proof
          key="scan"
          ask={["code"]}
          help={t.factor.codeHelp}
          action={t.factor.confirm}
          onCancel={cancel}
          run={async ({ code }) => {
            const made = await body(api.POST("/api/auth/totp/confirm", { body: { code } }));
            onStep({ at: "codes", codes: made.recovery_codes });
            await again();
          }}
        >
          <Shown enrolment={step.enrolment} />
        </Proof>
      );
    case "codes":
      return (
        <Secret
          label={t.factor.codesTitle}
          text={step.codes.join("\n")}
          copy={t.factor.copyCodes}
          done={t.factor.saved}
          onDone={cancel}
        />
      );
    case "renew":
      return (
        <Proof
          ask={["password", "code"]}
          help={t.factor.anyCode}
          action={t.factor.renew}
          onCancel={cancel}
          run={async (proof) => {
            const made = await body(api.POST("/api/auth/totp/recovery", { body: proof }));
            onStep({ at: "codes", codes: made.recovery_codes });
            await again();
          }}
        />
      );
    case "remove":
      return (
        <Proof
          ask={["password", "code"]}
          help={t.factor.anyCode}
          action={t.factor.remove}
          onCancel={cancel}
          run={async (proof) => {
            await api.POST("/api/auth/totp/remove", { body: proof });
            cancel();
            toast(t.factor.removed);
            await again();
          }}
        />
      );
  }
}

/** A QR code is dark on light in every theme, with the margin that scanners need. */
function Shown({ enrolment }: { enrolment: Enrolment }) {
  const size = enrolment.qr.length + 8;
  const path = enrolment.qr
    .flatMap((row, y) => [...row].map((module, x) => (module === "1" ? `M${x + 4} ${y + 4}h1v1h-1z` : "")))
    .join("");
  return (
    <div className="flex flex-col items-center gap-3">
      <svg
        viewBox={`0 0 ${size} ${size}`}
        role="img"
        aria-label={t.factor.qr}
        shapeRendering="crispEdges"
        className="size-48 rounded-lg"
      >
        <rect width={size} height={size} fill="#fff" />
        <path d={path} fill="#000" />
      </svg>
      <p className="flex max-w-full items-center gap-1 text-xs">
        <span className="text-ink-mute">{t.factor.key}</span>
        <code data-testid="totp-secret" className="font-mono break-all">
          {enrolment.secret}
        </code>
        <CopyButton text={enrolment.secret} label={t.factor.copyKey} />
      </p>
      <a href={enrolment.uri} className={buttonClass("ghost")}>
        {t.factor.openApp}
      </a>
    </div>
  );
}

interface Proven {
  password: string;
  code: string;
}

function Proof({
  ask,
  help,
  action,
  run,
  onCancel,
  children,
}: {
  ask: ("password" | "code")[];
  help?: string;
  action: string;
  run: (proof: Proven) => Promise<void>;
  onCancel: () => void;
  children?: ReactNode;
}) {
  const { register, handleSubmit, setError, formState } = useForm<Proven>({
    defaultValues: { password: "", code: "" },
  });
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async (proof) => {
    try {
      await run({ password: proof.password, code: proof.code.trim() });
    } catch (error) {
      const problem = asProblem(error);
      const field = ask.find((name) => name === problem.field) ?? "root";
      setError(field, { message: problem.message }, { shouldFocus: field !== "root" });
    }
  });
  return (
    <Form onSubmit={submit} onCancel={onCancel} action={action} busy={isSubmitting} error={errors.root?.message}>
      {children}
      {ask.includes("password") && (
        <PasswordField
          label={t.profile.current}
          autoComplete="current-password"
          error={errors.password?.message}
          {...register("password", { validate: (text) => text !== "" || t.door.needPassword })}
        />
      )}
      {ask.includes("code") && (
        <TextField
          label={t.factor.code}
          help={help}
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          error={errors.code?.message}
          {...register("code", { validate: (text) => text.trim() !== "" || t.setup.required })}
        />
      )}
    </Form>
  );
}
