/** Connecting a source, or signing in to one anew: what to do there at one side, what to type here at the other. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, useState } from "react";
import { useForm } from "react-hook-form";
import {
  connect,
  type Integration,
  replaceCredentials,
  type SourceName,
  type Tested,
  tryOut,
} from "../../api/integrations";
import { asProblem } from "../../api/problem";
import type { Brand } from "../../api/types";
import { t } from "../../messages/en";
import { integrations, wizard } from "../../messages/integrations";
import { platforms, type Way } from "../../messages/platforms";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { SelectField } from "../../ui/Field";
import { toast } from "../../ui/toast";
import { Guide } from "./Guide";
import { nameOf } from "./looks";
import { TestResult } from "./TestResult";
import { filled, Typed, type Values } from "./Typed";

interface Props {
  source: SourceName;
  brand: Brand;
  /** Present where only its credentials are to be replaced. */
  old?: Integration;
}

export function Connect({ source, brand, old }: Props) {
  const [way, setWay] = useState<Way>(platforms[source].ways[0]);
  return (
    <div className="grid items-start gap-3 sm:gap-4 lg:grid-cols-2">
      <Guide source={source} way={way} onWay={setWay} />
      <Entry source={source} brand={brand} old={old} way={way} />
    </div>
  );
}

/** Leaving a field may put a word under it, and the button would move away from beneath the pointer before it is let go. */
const stay = (event: MouseEvent) => event.preventDefault();

function Entry({ source, brand, old, way }: Props & { way: Way }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<Values>({ mode: "onTouched", shouldUnregister: true });
  const [busy, setBusy] = useState<"test" | "go" | null>(null);
  const [found, setFound] = useState<Tested | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const { settings, history } = platforms[source];
  // What may be left out comes last.
  const all = [...(old ? [] : settings), ...way.fields];
  const fields = [...all.filter((field) => !field.optional), ...all.filter((field) => field.optional)];

  /** What was typed goes out in one request and stays nowhere: no cache of the page ever holds it. */
  async function send<T>(what: "test" | "go", request: (values: Values) => Promise<T>, then: (answer: T) => void) {
    setBusy(what);
    setFailure(null);
    setFound(null);
    try {
      then(await request(form.getValues()));
    } catch (error) {
      const problem = asProblem(error);
      const field = fields.find((one) => one.at === problem.field);
      if (field) form.setError(field.at, { message: problem.message }, { shouldFocus: true });
      else setFailure(problem.message);
    } finally {
      setBusy(null);
    }
  }

  const input = (values: Values) => ({ source, brand: brand.id, ...filled(values) });
  const test = form.handleSubmit(() => send("test", (values) => tryOut(input(values)), setFound));
  const go = form.handleSubmit(() =>
    send(
      "go",
      (values) => (old ? replaceCredentials(old.id, filled(values).credentials) : connect(input(values))),
      async (one) => {
        await client.invalidateQueries({ queryKey: ["integrations"] });
        toast(old ? integrations.replaced : wizard.connected(nameOf(one)));
        void navigate({ to: "/b/$brand/integrations", params: { brand: brand.slug }, search: { id: one.id } });
      },
    ),
  );

  return (
    <form noValidate onSubmit={(event) => void go(event)} autoComplete="off" className="lg:sticky lg:top-18">
      <Card title={wizard.credentials} lead={old ? integrations.replaceLead : wizard.credentialsLead}>
        <div className="flex flex-col gap-4 px-4 pt-2 pb-5 sm:px-5">
          {fields.map((field) => (
            <Typed key={field.at} field={field} form={form} />
          ))}
          {!old && (
            <SelectField label={wizard.history} help={wizard.historyLead} {...form.register("history")}>
              {history.map((days) => (
                <option key={days} value={days ?? ""}>
                  {wizard.days(days)}
                </option>
              ))}
            </SelectField>
          )}
          {found && <TestResult found={found} />}
          <p role="alert" data-testid="connect-failure" className="text-sm break-words text-danger empty:hidden">
            {failure}
          </p>
          <div className="flex flex-wrap items-center justify-end gap-2">
            <Button
              onClick={() =>
                void navigate({
                  to: "/b/$brand/integrations",
                  params: { brand: brand.slug },
                  search: old ? { id: old.id } : {},
                })
              }
            >
              {t.cancel}
            </Button>
            {!old && (
              <Button disabled={busy !== null} onMouseDown={stay} onClick={() => void test()}>
                {busy === "test" ? wizard.testing : wizard.test}
              </Button>
            )}
            <Button look="primary" type="submit" disabled={busy !== null} onMouseDown={stay}>
              {busy === "go" ? wizard.connecting : old ? integrations.replaceGo : wizard.connect}
            </Button>
          </div>
        </div>
      </Card>
    </form>
  );
}
