import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, queryClient } from "../../api/queries";
import type { Brand } from "../../api/types";
import { t } from "../../messages/en";
import { useBrand, useBrands } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { Page } from "../../ui/Page";
import { rememberBrand } from "../../ui/preferences";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { BrandFields, type BrandValues } from "./BrandFields";
import { Channels } from "./Channels";
import { Sites } from "./Sites";

export function BrandPage() {
  const me = useQuery(meQuery).data;
  const brands = useBrands();
  const brand = useBrand();
  const allowed = me?.user.permissions.includes("manage");
  const [adding, setAdding] = useState(false);
  return (
    <Page
      title={t.brand.title}
      scope={brand?.name}
      lead={t.brand.lead}
      actions={
        allowed && (
          <Button onClick={() => setAdding(true)}>
            <Plus className="size-4" aria-hidden="true" />
            {t.brand.add}
          </Button>
        )
      }
    >
      {me && !allowed && (
        <div className="card">
          <Forbidden need="manage" />
        </div>
      )}
      {allowed && brands.isPending && (
        <div className="card">
          <LoadingRows />
        </div>
      )}
      {allowed && brands.isError && (
        <div className="card">
          <Failed problem={asProblem(brands.error)} onRetry={() => void brands.refetch()} />
        </div>
      )}
      {allowed && brands.data?.length === 0 && (
        <div className="card">
          <Empty title={t.setup.brandLead}>
            <Button look="primary" onClick={() => setAdding(true)}>
              {t.brand.add}
            </Button>
          </Empty>
        </div>
      )}
      {allowed && brand && <Edit key={brand.id} brand={brand} />}
      {me?.user.permissions.includes("connect") && brand && <Sites key={`sites-${brand.id}`} brand={brand} />}
      {allowed && brand && <Channels key={`channels-${brand.id}`} brand={brand} />}
      {allowed && (
        <Dialog open={adding} onOpenChange={setAdding} title={t.brand.add}>
          <Add onDone={() => setAdding(false)} />
        </Dialog>
      )}
    </Page>
  );
}

function Edit({ brand }: { brand: Brand }) {
  const { name, currency, timezone, week_start } = brand;
  const form = useForm<BrandValues>({ values: { name, currency, timezone, week_start } });
  const save = useMutation({
    mutationFn: (values: BrandValues) =>
      api.PATCH("/api/brands/{brand}", {
        params: { path: { brand: brand.slug } },
        body: { ...values, week_start: Number(values.week_start) },
      }),
    onSuccess: async () => {
      toast(t.saved);
      await queryClient.invalidateQueries();
    },
    onError: (error) => form.setError("root", { message: asProblem(error).message }),
  });
  const watched = form.watch();
  const recount = watched.currency !== currency || watched.timezone !== timezone;
  return (
    <Card title={brand.name} lead={`/b/${brand.slug}`}>
      <form
        noValidate
        onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}
        className="flex max-w-md flex-col gap-4 px-4 pt-2 pb-5 sm:px-5"
      >
        <BrandFields form={form} />
        {recount && <p className="rounded-lg bg-warn-soft px-3 py-2 text-xs text-warn">{t.brand.recount}</p>}
        <p role="alert" className="text-sm text-danger empty:hidden">
          {form.formState.errors.root?.message}
        </p>
        <Button look="primary" type="submit" disabled={save.isPending} className="self-start">
          {t.save}
        </Button>
      </form>
    </Card>
  );
}

function Add({ onDone }: { onDone: () => void }) {
  const form = useForm<BrandValues>({
    defaultValues: { currency: "USD", timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, week_start: 1 },
  });
  const add = useMutation({
    mutationFn: (values: BrandValues) =>
      body(api.POST("/api/brands", { body: { ...values, week_start: Number(values.week_start) } })),
    onSuccess: async (brand) => {
      rememberBrand(brand.slug);
      toast(t.brand.added(brand.name));
      await queryClient.invalidateQueries();
      onDone();
    },
    onError: (error) => form.setError("root", { message: asProblem(error).message }),
  });
  return (
    <Form
      onSubmit={form.handleSubmit((values) => add.mutate(values))}
      onCancel={onDone}
      action={t.brand.add}
      busy={add.isPending}
      error={form.formState.errors.root?.message}
    >
      <BrandFields form={form} />
    </Form>
  );
}
