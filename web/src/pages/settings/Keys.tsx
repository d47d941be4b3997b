/** API keys: made with a part of what one may, shown once, revoked. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { keysQuery, meQuery, queryClient } from "../../api/queries";
import type { ApiKey } from "../../api/types";
import { ageLabel, instantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { useBrands } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Confirm } from "../../ui/Dialog";
import { Page } from "../../ui/Page";
import { Empty, Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { MakeKey } from "./MakeKey";

export function Keys() {
  const me = useQuery(meQuery).data;
  const allowed = me?.user.permissions.includes("manage");
  const [making, setMaking] = useState(false);
  return (
    <Page
      title={t.apiKeys.title}
      lead={t.apiKeys.lead}
      actions={
        allowed && (
          <Button look="primary" onClick={() => setMaking(true)}>
            <KeyRound className="size-4" aria-hidden="true" />
            {t.apiKeys.make}
          </Button>
        )
      }
    >
      <div className="card overflow-hidden pt-1">
        {me && !allowed && <Forbidden need="manage" />}
        {allowed && <List />}
      </div>
      {allowed && <MakeKey open={making} onOpenChange={setMaking} permissions={me?.user.permissions ?? []} />}
    </Page>
  );
}

function List() {
  const keys = useQuery(keysQuery);
  const brands = useBrands().data ?? [];
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const revoke = useMutation({
    mutationFn: (key: ApiKey) => api.DELETE("/api/keys/{id}", { params: { path: { id: key.id } } }),
    onSuccess: (_, key) => toast(t.apiKeys.revoked(key.name)),
    onError: (error) => toast(asProblem(error).message, "bad"),
    onSettled: () => {
      setRevoking(null);
      void queryClient.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  if (keys.isPending) return <LoadingRows />;
  if (keys.isError) return <Failed problem={asProblem(keys.error)} onRetry={() => void keys.refetch()} />;
  if (keys.data.length === 0) return <Empty title={t.apiKeys.none}>{t.apiKeys.noneText}</Empty>;
  const nameOf = (id: string) => brands.find((brand) => brand.id === id)?.name ?? id;
  return (
    <>
      <DataTable
        id="keys"
        label={t.apiKeys.title}
        columns={columns(nameOf, setRevoking)}
        rows={keys.data}
        rowId={(key) => key.id}
      />
      <Confirm
        open={revoking !== null}
        onOpenChange={(open) => !open && setRevoking(null)}
        title={t.apiKeys.revokeQuestion(revoking?.name ?? "")}
        lead={t.apiKeys.revokeText}
        action={t.apiKeys.revoke}
        typed={revoking?.name ?? ""}
        busy={revoke.isPending}
        onConfirm={() => revoking && revoke.mutate(revoking)}
      />
    </>
  );
}

function columns(nameOf: (id: string) => string, onRevoke: (key: ApiKey) => void): Column<ApiKey>[] {
  return [
    {
      id: "name",
      header: t.apiKeys.name,
      left: true,
      sort: (key) => key.name.toLowerCase(),
      cell: (key) => (
        <span className="block min-w-0">
          <span className="block truncate font-medium">{key.name}</span>
          <code className="block truncate font-mono text-xs text-ink-mute">{key.prefix}…</code>
        </span>
      ),
    },
    {
      id: "permissions",
      header: t.apiKeys.permissions,
      left: true,
      cell: (key) => (
        <span className="block">
          <span className="block">{key.permissions.join(", ")}</span>
          <span className="block text-xs text-ink-mute">
            {key.brands ? key.brands.map(nameOf).join(", ") || t.brandsOf.none : t.brandsOf.all}
          </span>
        </span>
      ),
    },
    {
      id: "by",
      header: t.apiKeys.by,
      left: true,
      sort: (key) => key.made_by.toLowerCase(),
      cell: (key) => key.made_by,
    },
    {
      id: "expires",
      header: t.apiKeys.until,
      sort: (key) => key.expires_at,
      cell: (key) => (
        <span className={cx(key.expired ? "text-danger" : "text-ink-mute")}>
          {instantLabel(key.expires_at)}
          {key.expired && ` (${t.apiKeys.expired})`}
        </span>
      ),
    },
    {
      id: "used",
      header: t.apiKeys.used,
      sort: (key) => key.last_used_at,
      cell: (key) => (
        <span className="text-ink-mute">
          {key.last_used_at ? ageLabel(key.last_used_at, Date.now()) : t.apiKeys.never}
        </span>
      ),
    },
    {
      id: "actions",
      header: t.apiKeys.revoke,
      hidden: true,
      cell: (key) => (
        <Button look="ghost" aria-label={t.apiKeys.revokeOf(key.name)} onClick={() => onRevoke(key)}>
          {t.apiKeys.revoke}
        </Button>
      ),
    },
  ];
}
