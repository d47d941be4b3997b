/** The first run: who may set up, who owns it, what the first brand is called. Going back keeps what was typed. */
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type UseFormReturn, useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import { setUp } from "../../api/session";
import type { Brand } from "../../api/types";
import { t } from "../../messages/en";
import { Button, buttonClass } from "../../ui/Button";
import { BrandFields } from "../settings/BrandFields";
import { Door } from "./Door";
import { OwnerFields, TokenFields } from "./SetupFields";

const route = getRouteApi("/setup");

export interface SetupValues {
  token: string;
  tenant_name: string;
  name: string;
  email: string;
  password: string;
  brand: { name: string; currency: string; timezone: string; week_start: number };
}

export type SetupFormApi = UseFormReturn<SetupValues>;

/** The token may come in the fragment, which no proxy ever logs; it leaves the address bar at once. */
function tokenFromAddress(): string {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token") ?? "";
  if (token) window.history.replaceState(window.history.state, "", window.location.pathname);
  return token;
}

export function Setup() {
  const { needed } = route.useLoaderData();
  return (
    <Door>
      {needed ? (
        <Steps />
      ) : (
        <>
          <h1 className="text-lg font-semibold">{t.states.notFound}</h1>
          <p className="mt-1 mb-5 text-sm text-ink-mute">{t.setup.done}</p>
          <Link to="/login" className={buttonClass("primary")}>
            {t.door.signIn}
          </Link>
        </>
      )}
    </Door>
  );
}

const FIELDS = [["token"], ["tenant_name", "name", "email", "password"], ["brand"]] as const;

function Steps() {
  const router = useRouter();
  const heading = useRef<HTMLHeadingElement>(null);
  const [step, setStep] = useState(0);
  const [brand, setBrand] = useState<Brand | null>(null);
  const [owned, setOwned] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const form = useForm<SetupValues>({
    mode: "onTouched",
    defaultValues: {
      token: tokenFromAddress(),
      brand: { currency: "USD", timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, week_start: 1 },
    },
  });

  useEffect(() => {
    document.title = `${t.setup.title} · ${t.app}`;
  }, []);
  useEffect(() => {
    // The link with the token, opened while this page is there already.
    const take = () => {
      const token = tokenFromAddress();
      if (token) form.setValue("token", token);
    };
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, [form]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the step
  useEffect(() => heading.current?.focus(), [step]);

  async function advance(): Promise<void> {
    if (!(await form.trigger(FIELDS[step]))) return;
    const values = form.getValues();
    setFailure(null);
    setBusy(true);
    try {
      if (step === 1 && !owned) {
        const { token, tenant_name, email, name, password } = values;
        await setUp({ token: token.trim(), tenant_name, email, name, password });
        setOwned(true);
      }
      if (step === 2) {
        const week_start = Number(values.brand.week_start);
        setBrand(await body(api.POST("/api/brands", { body: { ...values.brand, week_start } })));
        queryClient.clear();
      }
      setStep(step + 1);
    } catch (error) {
      const problem = asProblem(error);
      const badToken = problem.status === 401 || problem.status === 403 || problem.field === "token";
      if (step === 1 && badToken) {
        setStep(0);
        form.setError("token", { message: t.setup.tokenWrong });
      } else setFailure(problem.message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void advance();
      }}
    >
      <p className="text-xs text-ink-mute">{t.setup.step(step + 1, 4, t.setup.steps[step] ?? "")}</p>
      <div className="mt-2 mb-5 grid grid-cols-4 gap-1" aria-hidden="true">
        {t.setup.steps.map((name, index) => (
          <span key={name} className={index <= step ? "h-1 rounded bg-accent" : "h-1 rounded bg-sunken"} />
        ))}
      </div>
      <h1 ref={heading} tabIndex={-1} className="text-lg font-semibold tracking-tight">
        {step === 3 ? t.setup.dataTitle : t.setup.title}
      </h1>
      <p className="mt-1 mb-5 text-sm text-ink-mute">
        {[t.setup.tokenLead, t.setup.ownerLead, t.setup.brandLead, t.setup.dataLead(brand?.name ?? "")][step]}
      </p>
      <div className="flex flex-col gap-4">
        {step === 0 && <TokenFields form={form} />}
        {step === 1 && <OwnerFields form={form} />}
        {step === 2 && <BrandFields form={form} at="brand" />}
        <p role="alert" className="text-sm text-danger empty:hidden">
          {failure}
        </p>
        {step < 3 && (
          <div className="flex justify-between gap-2">
            {step === 1 ? <Button onClick={() => setStep(0)}>{t.setup.back}</Button> : <span />}
            <Button look="primary" type="submit" disabled={busy}>
              {[t.setup.next, t.setup.create, t.setup.createBrand][step]}
            </Button>
          </div>
        )}
        {step === 3 && brand && (
          <div className="flex flex-wrap gap-2">
            <Button
              look="primary"
              onClick={() => void router.navigate({ to: "/b/$brand/integrations", params: { brand: brand.slug } })}
            >
              {t.dashboard.toConnect}
            </Button>
            <Button onClick={() => void router.navigate({ to: "/b/$brand/import", params: { brand: brand.slug } })}>
              {t.setup.toImport}
            </Button>
            <Button onClick={() => void router.navigate({ to: "/b/$brand", params: { brand: brand.slug } })}>
              {t.setup.toDashboard}
            </Button>
          </div>
        )}
      </div>
    </form>
  );
}
