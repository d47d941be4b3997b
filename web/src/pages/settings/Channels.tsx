/** Which channel a visit counts in: the usual rules, or a brand's own. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { Brand, ChannelRules } from "../../api/types";
import { t } from "../../messages/en";
import { channels as words } from "../../messages/sites";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { TextField } from "../../ui/Field";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";

interface Values {
  otherwise: string;
  rules: string;
}

/** One rule a line: long enough to be read, short enough to be edited. */
function written(rules: ChannelRules["rules"]): string {
  return `[\n${rules.map((rule) => `  ${JSON.stringify(rule)}`).join(",\n")}\n]`;
}

function read(text: string): ChannelRules["rules"] | null {
  try {
    const rules: unknown = JSON.parse(text);
    return Array.isArray(rules) ? rules : null;
  } catch {
    return null;
  }
}

export function Channels({ brand }: { brand: Brand }) {
  const rules = useQuery({
    queryKey: ["channels", brand.slug],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/channels", { params: { path: { brand: brand.slug } }, signal })),
  });
  return (
    <Card title={words.title} lead={words.lead}>
      {rules.isPending && <LoadingRows />}
      {rules.isError && <Failed problem={asProblem(rules.error)} onRetry={() => void rules.refetch()} />}
      {rules.data && <Edit brand={brand} rules={rules.data} />}
    </Card>
  );
}

function Edit({ brand, rules }: { brand: Brand; rules: ChannelRules }) {
  const form = useForm<Values>({ values: { otherwise: rules.otherwise, rules: written(rules.rules) } });
  const { errors } = form.formState;
  const save = useMutation({
    mutationFn: (input: { otherwise?: string; rules?: ChannelRules["rules"] }) =>
      body(api.PUT("/api/brands/{brand}/channels", { params: { path: { brand: brand.slug } }, body: input })),
    onSuccess: async () => {
      toast(words.saved);
      await queryClient.invalidateQueries();
    },
    onError: (error) => {
      const problem = asProblem(error);
      const field = problem.field === "otherwise" ? "otherwise" : problem.field?.startsWith("rules") ? "rules" : "root";
      form.setError(field, { message: problem.message });
    },
  });
  const submit = form.handleSubmit(({ otherwise, rules: text }) => {
    const parsed = read(text);
    if (parsed) save.mutate({ otherwise, rules: parsed });
    else form.setError("rules", { message: words.notJson });
  });
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-4 pt-2 pb-5 sm:px-5">
      <p className="text-sm text-ink-mute">{rules.own ? words.own : words.usual}</p>
      <div className="flex flex-col gap-1.5">
        <label htmlFor="channel-rules" className="text-sm font-medium text-ink">
          {words.rules}
        </label>
        <textarea
          id="channel-rules"
          rows={10}
          spellCheck={false}
          aria-describedby="channel-rules-help"
          aria-invalid={errors.rules ? true : undefined}
          className="w-full rounded-lg border border-line-strong bg-surface p-2.5 font-mono text-xs leading-5 text-ink"
          {...form.register("rules")}
        />
        {errors.rules && <p className="text-xs text-danger">{errors.rules.message}</p>}
        <p id="channel-rules-help" className="text-xs text-ink-mute">
          {words.rulesHelp}
        </p>
      </div>
      <TextField
        label={words.otherwise}
        autoComplete="off"
        className="max-w-60"
        error={errors.otherwise?.message}
        {...form.register("otherwise")}
      />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {errors.root?.message}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={save.isPending}>
          {t.save}
        </Button>
        {rules.own && (
          <Button type="button" disabled={save.isPending} onClick={() => save.mutate({})}>
            {words.back}
          </Button>
        )}
      </div>
    </form>
  );
}
