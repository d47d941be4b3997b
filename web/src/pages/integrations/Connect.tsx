/** Connecting a source, or signing in to one anew: what to do there at one side, what to type here at the other. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { type MouseEvent, useState } from "react";
import { useForm } from "react-hook-form";
import {
  connect,
  disconnect,
  type Integration,
  replaceCredentials,
  type Source,
  type SourceName,
  signInAt,
  sourcesQuery,
  type TestOutcome,
  type Trial,
  test,
  tryOut,
} from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { t } from "../../messages/en";
import { integrations, wizard } from "../../messages/integrations";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { SelectField } from "../../ui/Field";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { Check } from "../settings/BrandChoice";
import { depthsOf, fieldsOf, HISTORY, placeOf, typedOf, type Values, waysOf } from "./fields";
import { Guide } from "./Guide";
import { nameOf } from "./looks";
import { TestResult } from "./TestResult";
import { Typed } from "./Typed";

interface Props {
  name: SourceName;
  /** Slug of the brand that it becomes a source of. */
  brand: string;
  /** Present where only its credentials are to be replaced. */
  old?: Integration;
}

export function Connect({ name, ...props }: Props) {
  const sources = useQuery(sourcesQuery);
  const source = sources.data?.find((one) => one.source === name);
  if (!source) {
    return (
      <div className="card">
        {sources.isError ? (
          <Failed problem={asProblem(sources.error)} onRetry={() => void sources.refetch()} />
        ) : (
          <LoadingRows />
        )}
      </div>
    );
  }
  return (
    <div className="grid items-start gap-3 sm:gap-4 lg:grid-cols-2">
      <Guide source={source} />
      <Entry source={source} {...props} />
    </div>
  );
}

/** Whether a test found nothing that is missing or to be known. */
const isWhole = ({ found }: Pick<TestOutcome, "found">) => !found?.missing.length && !found?.warnings.length;

/** The group of an app's own id and secret. */
const APP = "app";

/** Leaving a field may put a word under it, and the button would move away from beneath the pointer before it is let go. */
const stay = (event: MouseEvent) => event.preventDefault();

function Entry({ source, brand, old }: Omit<Props, "name"> & { source: Source }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<Values>({ mode: "onTouched", shouldUnregister: true });
  const ways = waysOf(source);
  const [way, setWay] = useState(ways[0] ?? null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  /** What has been made already, where a first try was not let in: the next one goes on with it. */
  const [made, setMade] = useState<Integration | null>(null);
  const [outcome, setOutcome] = useState<TestOutcome | null>(null);
  /** How what was typed did before anything was made of it. */
  const [trial, setTrial] = useState<Trial | null>(null);
  /** Whether access is to be allowed on the platform's own page. */
  const [there, setThere] = useState(false);
  const mayBeThere = source.sign_in && way === APP;
  const fields = fieldsOf(source, way, Boolean(old));
  const depths = old ? [] : depthsOf(source);
  const usual = fields.filter((field) => !field.advanced);
  const rare = fields.filter((field) => field.advanced);

  const to = (id?: string) =>
    navigate({ to: "/b/$brand/integrations", params: { brand }, search: id === undefined ? {} : { id } });

  /** What was typed goes out in one request and stays nowhere: no cache of the page ever holds it. */
  async function send(): Promise<Integration> {
    const typed = typedOf(form.getValues());
    if (old) return replaceCredentials(old.id, { credentials: typed.credentials });
    return made ? replaceCredentials(made.id, typed) : connect(source.source, brand, typed);
  }

  /** Whether what was typed works, or can only be tried by connecting. Nothing is made as long as it does not. */
  async function works(): Promise<boolean> {
    if (old || made || (there && mayBeThere) || trial?.ok) return true;
    const found = await tryOut(source.source, brand, typedOf(form.getValues()));
    if (found.code === "once" || (found.ok && isWhole(found))) return true;
    setTrial(found);
    return false;
  }

  const submit = form.handleSubmit(async () => {
    setBusy(true);
    setFailure(null);
    setOutcome(null);
    try {
      if (!(await works())) return;
      const one = await send();
      if (!old) setMade(one);
      if (there && mayBeThere) {
        window.location.assign(await signInAt(source.source, one.id));
        return;
      }
      const shown = await test(one.id);
      await client.invalidateQueries({ queryKey: ["integrations"] });
      if (shown.ok && (trial?.ok || isWhole(shown))) {
        toast(old ? integrations.replaced : wizard.connected(nameOf(shown.integration as Integration)));
        await to(one.id);
      } else setOutcome(shown);
    } catch (error) {
      const problem = asProblem(error);
      const field = fields.find((one) => placeOf(one) === problem.field);
      if (field) form.setError(placeOf(field), { message: problem.message }, { shouldFocus: true });
      else setFailure(problem.message);
    } finally {
      setBusy(false);
    }
  });

  /** Nothing is left behind of what was tried by connecting and not let in. */
  async function cancel(): Promise<void> {
    if (made) {
      await disconnect(made.id, "delete").catch((error: unknown) => toast(asProblem(error).message, "bad"));
      void client.invalidateQueries({ queryKey: ["integrations"] });
    }
    await to(old?.id);
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} onChange={() => setTrial(null)} autoComplete="off">
      <Card title={wizard.credentials} lead={old ? wizard.replaceLead : wizard.credentialsLead}>
        <div className="flex flex-col gap-4 px-4 pt-2 pb-5 sm:px-5">
          {ways.length > 1 && (
            <fieldset className="flex flex-col gap-1">
              <legend className="mb-1 text-sm font-medium">{wizard.way}</legend>
              {ways.map((one) => (
                <Check
                  key={one}
                  type="radio"
                  name="way"
                  label={wizard.ways[one ?? ""] ?? one ?? ""}
                  checked={one === way}
                  onChange={() => setWay(one)}
                />
              ))}
            </fieldset>
          )}
          {usual.map((field) => (
            <Typed key={placeOf(field)} field={field} form={form} />
          ))}
          {depths.length > 0 && (
            <SelectField label={wizard.history} help={wizard.historyLead} {...form.register(`settings.${HISTORY}`)}>
              {depths.map((days) => (
                <option key={days} value={days ?? ""}>
                  {wizard.days(days)}
                </option>
              ))}
            </SelectField>
          )}
          {rare.length > 0 && (
            <details className="group">
              <summary className="tap flex w-fit list-none items-center gap-1.5 text-sm font-medium text-ink-soft">
                <ChevronRight
                  className="size-4 text-ink-mute transition-transform group-open:rotate-90"
                  aria-hidden="true"
                />
                {wizard.advanced}
              </summary>
              <div className="flex flex-col gap-4 pt-3">
                {rare.map((field) => (
                  <Typed key={placeOf(field)} field={field} form={form} />
                ))}
              </div>
            </details>
          )}
          {mayBeThere && (
            <div>
              <Check type="checkbox" label={wizard.page(source.label)} checked={there} onChange={setThere} />
              <p className="pl-6 text-xs text-ink-mute">{wizard.pageHelp(source.label)}</p>
            </div>
          )}
          <TestResult outcome={outcome ?? trial} />
          <p role="alert" data-testid="connect-failure" className="text-sm break-words text-danger empty:hidden">
            {failure}
          </p>
          <div className="flex flex-wrap items-center justify-end gap-2">
            {outcome?.ok ? (
              <Button look="primary" onClick={() => void to(outcome.integration.id)}>
                {wizard.goOn}
              </Button>
            ) : (
              <>
                <Button onClick={() => void cancel()}>{t.cancel}</Button>
                <Button look="primary" type="submit" disabled={busy} onMouseDown={stay}>
                  {busy ? wizard.testing : old ? wizard.replaceGo : trial?.ok ? wizard.connectSo : wizard.connect}
                </Button>
              </>
            )}
          </div>
        </div>
      </Card>
    </form>
  );
}
