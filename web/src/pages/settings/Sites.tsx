/** The shops of a brand whose pages may tell of visits: what to paste there, and who is not heard any more. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Brand, Site } from "../../api/types";
import { t } from "../../messages/en";
import { sites as words } from "../../messages/sites";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { CopyButton } from "../../ui/CopyButton";
import { Confirm, Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { Secret } from "../../ui/Secret";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";

interface Values {
  name: string;
  origins: string;
  consent: "required" | "implied";
}

export function Sites({ brand }: { brand: Brand }) {
  const key = ["sites", brand.slug];
  const path = { brand: brand.slug };
  const sites = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/brands/{brand}/sites", { params: { path }, signal }))).sites,
  });
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Site | null>(null);
  const remove = useMutation({
    mutationFn: (site: Site) =>
      api.DELETE("/api/brands/{brand}/sites/{id}", { params: { path: { ...path, id: site.id } } }),
    onSuccess: (_, site) => toast(words.removed(site.name)),
    onError: (error) => toast(asProblem(error).message, "bad"),
    onSettled: () => {
      setRemoving(null);
      void queryClient.invalidateQueries({ queryKey: key });
    },
  });
  return (
    <Card title={words.title} lead={words.lead}>
      <div className="flex flex-col gap-4 px-4 pt-2 pb-5 sm:px-5">
        {sites.isPending && <LoadingRows />}
        {sites.isError && <Failed problem={asProblem(sites.error)} onRetry={() => void sites.refetch()} />}
        {sites.data?.length === 0 && <p className="text-sm text-ink-mute">{words.none}</p>}
        {sites.data && sites.data.length > 0 && (
          <ul className="flex flex-col gap-4">
            {sites.data.map((site) => (
              <One key={site.id} site={site} onRemove={() => setRemoving(site)} />
            ))}
          </ul>
        )}
        <Button className="self-start" onClick={() => setAdding(true)}>
          {words.add}
        </Button>
      </div>
      <Add brand={brand} open={adding} onOpenChange={setAdding} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={words.removeQuestion(removing?.name ?? "")}
        lead={words.removeText}
        action={words.remove}
        typed={removing?.name ?? ""}
        busy={remove.isPending}
        onConfirm={() => removing && remove.mutate(removing)}
      />
    </Card>
  );
}

function One({ site, onRemove }: { site: Site; onRemove: () => void }) {
  // An installation that does not know its own address is reached at the one in the bar.
  const snippet = site.snippet.replace('src="/px.js"', `src="${window.location.origin}/px.js"`);
  return (
    <li className="flex flex-col gap-2">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <p className="truncate text-sm font-medium">{site.name}</p>
          <p className="truncate text-xs text-ink-mute">
            {site.origins.join(", ")} · {site.consent === "required" ? words.required : words.implied}
          </p>
        </div>
        <Button look="ghost" aria-label={words.removeOf(site.name)} onClick={onRemove}>
          {words.remove}
        </Button>
      </div>
      <div className="flex items-start gap-2">
        <textarea
          readOnly
          aria-label={words.snippet(site.name)}
          value={snippet}
          rows={3}
          onFocus={(event) => event.currentTarget.select()}
          className="w-full resize-none rounded-lg border border-line-strong bg-sunken p-2.5 font-mono text-xs leading-5 break-all text-ink"
        />
        <CopyButton text={snippet} label={words.copy(site.name)} />
      </div>
      <p className="text-xs text-ink-mute">{words.snippetLead}</p>
    </li>
  );
}

function Add({ brand, open, onOpenChange }: { brand: Brand; open: boolean; onOpenChange: (open: boolean) => void }) {
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => {
    onOpenChange(false);
    setSecret(null);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={secret ? words.secretTitle : words.add}
      lead={secret ? words.secretLead : undefined}
    >
      {secret ? (
        <Secret label={words.secretTitle} text={secret} copy={words.copySecret} done={words.kept} onDone={close} />
      ) : (
        <Fields brand={brand} onMade={setSecret} onCancel={close} />
      )}
    </Dialog>
  );
}

function Fields({ brand, onMade, onCancel }: { brand: Brand; onMade: (secret: string) => void; onCancel: () => void }) {
  const { register, handleSubmit, setError, formState } = useForm<Values>({
    defaultValues: { name: "", origins: "", consent: "required" },
  });
  const { errors, isSubmitting } = formState;
  const isThere = { validate: (text: string) => text.trim() !== "" || t.setup.required };
  const submit = handleSubmit(async ({ name, origins, consent }) => {
    const input = { name, consent, origins: origins.split(/[\s,]+/).filter(Boolean) };
    try {
      const params = { path: { brand: brand.slug } };
      const made = await body(api.POST("/api/brands/{brand}/sites", { params, body: input }));
      toast(words.added(made.name));
      void queryClient.invalidateQueries({ queryKey: ["sites", brand.slug] });
      onMade(made.secret);
    } catch (error) {
      const problem = asProblem(error);
      const field = problem.field === "name" ? "name" : problem.field?.startsWith("origins") ? "origins" : "root";
      setError(field, { message: problem.message });
    }
  });
  return (
    <Form onSubmit={submit} onCancel={onCancel} action={words.add} busy={isSubmitting} error={errors.root?.message}>
      <TextField
        label={words.name}
        help={words.nameHelp}
        autoComplete="off"
        error={errors.name?.message}
        {...register("name", isThere)}
      />
      <TextField
        label={words.origins}
        help={words.originsHelp}
        autoComplete="off"
        inputMode="url"
        error={errors.origins?.message}
        {...register("origins", isThere)}
      />
      <SelectField label={words.consent} help={words.consentHelp} {...register("consent")}>
        <option value="required">{words.required}</option>
        <option value="implied">{words.implied}</option>
      </SelectField>
    </Form>
  );
}
