/** Files in, figures out: drop, watch, fetch what was rejected. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { upload } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { formatsQuery, importsQuery } from "../../api/records";
import { imports } from "../../messages/imports";
import { useBrand } from "../../shell/useBrand";
import { Card } from "../../ui/Card";
import { Page } from "../../ui/Page";
import { Progress } from "../../ui/Progress";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { DropZone } from "./DropZone";
import { History } from "./History";
import { type ImportOptions, NO_OPTIONS, Options } from "./Options";

const route = getRouteApi("/shell/b/$brand/import");

interface Sending {
  id: number;
  name: string;
  share: number;
  error: string | null;
}

let next = 1;

export function Imports() {
  const { brand: slug } = route.useParams();
  const brand = useBrand();
  const me = useQuery(meQuery).data;
  const allowed = me?.user.permissions.includes("connect");
  return (
    <Page title={imports.title} scope={brand?.name} lead={imports.lead}>
      {me && !allowed && (
        <div className="card">
          <Forbidden need="connect" />
        </div>
      )}
      {allowed && <Desk slug={slug} />}
    </Page>
  );
}

function formOf(file: File, options: ImportOptions): FormData {
  const form = new FormData();
  for (const key of ["format", "account", "currency", "timezone", "date_format"] as const) {
    if (options[key].trim()) form.set(key, options[key].trim());
  }
  if (options.map) form.set("map", options.map);
  form.set("file", file);
  return form;
}

function Desk({ slug }: { slug: string }) {
  const client = useQueryClient();
  const formats = useQuery(formatsQuery);
  const jobs = useQuery(importsQuery(slug));
  const [options, setOptions] = useState<ImportOptions>(NO_OPTIONS);
  const [sending, setSending] = useState<Sending[]>([]);

  const update = (id: number, change: Partial<Sending>) =>
    setSending((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one)));

  async function send(file: File): Promise<void> {
    const id = next++;
    setSending((all) => [{ id, name: file.name, share: 0, error: null }, ...all]);
    try {
      const path = `/api/brands/${encodeURIComponent(slug)}/imports`;
      await upload(path, formOf(file, options), (share) => update(id, { share }));
      setSending((all) => all.filter((one) => one.id !== id));
      toast(imports.started(file.name));
      await client.invalidateQueries({ queryKey: ["imports", slug] });
    } catch (error) {
      update(id, { error: asProblem(error).message });
    }
  }

  /** One after the other: the server imports in the order of arrival. */
  async function sendAll(files: File[]): Promise<void> {
    for (const file of files) await send(file);
  }

  return (
    <>
      <DropZone onFiles={(files) => void sendAll(files)} />
      <Options formats={formats.data ?? []} value={options} onChange={setOptions} />
      {sending.map((one) => (
        <div key={one.id} className="card flex flex-col gap-2 px-5 py-4 text-sm">
          <p className="truncate font-medium">{one.error ? one.name : imports.sending(one.name)}</p>
          {one.error ? (
            <p role="alert" className="text-danger">
              {one.error}
            </p>
          ) : (
            <Progress label={imports.progress(one.name)} share={one.share} />
          )}
        </div>
      ))}
      <Card title={imports.history}>
        {jobs.isPending && <LoadingRows rows={3} />}
        {jobs.isError && <Failed problem={asProblem(jobs.error)} onRetry={() => void jobs.refetch()} />}
        {jobs.data?.length === 0 && (
          <Empty title={imports.none}>
            <p>{imports.noneText}</p>
          </Empty>
        )}
        {jobs.data && jobs.data.length > 0 && <History jobs={jobs.data} formats={formats.data ?? []} />}
      </Card>
    </>
  );
}
