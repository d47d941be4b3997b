import { useMutation, useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, peopleQuery, queryClient } from "../../api/queries";
import type { Person, Role } from "../../api/types";
import { dayLabel } from "../../format/date";
import { t } from "../../messages/en";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Confirm } from "../../ui/Dialog";
import { Page } from "../../ui/Page";
import { Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { AddPerson } from "./AddPerson";

export const ROLES = Object.keys(t.people.roles) as Role[];

export function People() {
  const me = useQuery(meQuery).data;
  const allowed = me?.user.permissions.includes("manage");
  const [adding, setAdding] = useState(false);
  return (
    <Page
      title={t.people.title}
      lead={t.people.lead}
      actions={
        allowed && (
          <Button look="primary" onClick={() => setAdding(true)}>
            <UserPlus className="size-4" aria-hidden="true" />
            {t.people.add}
          </Button>
        )
      }
    >
      {me && !allowed && (
        <div className="card">
          <Forbidden need="manage" />
        </div>
      )}
      {allowed && <List myId={me?.user.id ?? ""} />}
      {allowed && <AddPerson open={adding} onOpenChange={setAdding} />}
    </Page>
  );
}

function List({ myId }: { myId: string }) {
  const people = useQuery(peopleQuery);
  const [disabling, setDisabling] = useState<Person | null>(null);
  const change = useMutation({
    mutationFn: ({ person, body }: { person: Person; body: Partial<Person> }) =>
      api.PATCH("/api/users/{id}", { params: { path: { id: person.id } }, body }),
    onSuccess: (_, { person }) => toast(t.people.changed(person.name)),
    onError: (error) => toast(asProblem(error).message, "bad"),
    onSettled: () => {
      setDisabling(null);
      void queryClient.invalidateQueries({ queryKey: ["people"] });
    },
  });
  if (people.isPending) {
    return (
      <div className="card">
        <LoadingRows />
      </div>
    );
  }
  if (people.isError) {
    return (
      <div className="card">
        <Failed problem={asProblem(people.error)} onRetry={() => void people.refetch()} />
      </div>
    );
  }
  const columns = columnsFor(myId, (person, body) =>
    body.state === "disabled" ? setDisabling(person) : change.mutate({ person, body }),
  );
  return (
    <div className="card overflow-hidden pt-1">
      <DataTable
        id="people"
        label={t.people.title}
        columns={columns}
        rows={people.data}
        rowId={(person) => person.id}
      />
      <Confirm
        open={disabling !== null}
        onOpenChange={(open) => !open && setDisabling(null)}
        title={t.people.disableQuestion(disabling?.name ?? "")}
        lead={t.people.disableText}
        action={t.people.disable}
        busy={change.isPending}
        onConfirm={() => disabling && change.mutate({ person: disabling, body: { state: "disabled" } })}
      />
    </div>
  );
}

function columnsFor(myId: string, onChange: (person: Person, body: Partial<Person>) => void): Column<Person>[] {
  return [
    {
      id: "name",
      header: t.people.name,
      left: true,
      sort: (person) => person.name.toLowerCase(),
      cell: (person) => (
        <span className="block min-w-0">
          <span className="block truncate font-medium">
            {person.name}
            {person.id === myId && <span className="font-normal text-ink-mute"> ({t.people.you})</span>}
          </span>
          <span title={person.email} className="block truncate text-xs text-ink-mute">
            {person.email}
          </span>
        </span>
      ),
    },
    {
      id: "role",
      header: t.people.role,
      left: true,
      sort: (person) => ROLES.indexOf(person.role).toString(),
      cell: (person) => (
        <select
          aria-label={t.people.roleOf(person.name)}
          value={person.role}
          disabled={person.id === myId}
          onChange={(event) => onChange(person, { role: event.target.value as Role })}
          className="field w-32"
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {t.people.roles[role]}
            </option>
          ))}
        </select>
      ),
    },
    {
      id: "state",
      header: t.people.state,
      left: true,
      sort: (person) => person.state,
      cell: (person) => (
        <span className={cx(person.state === "disabled" && "text-ink-mute")}>
          {person.state === "active" ? t.people.active : t.people.disabled}
        </span>
      ),
    },
    {
      id: "last",
      header: t.people.lastSeen,
      sort: (person) => person.last_login_at,
      cell: (person) => (
        <span className="text-ink-mute">
          {person.last_login_at ? dayLabel(person.last_login_at.slice(0, 10)) : t.people.never}
        </span>
      ),
    },
    {
      id: "actions",
      header: t.people.change,
      hidden: true,
      cell: (person) =>
        person.id === myId ? null : (
          <Button
            look="ghost"
            aria-label={`${person.state === "active" ? t.people.disable : t.people.enable} ${person.name}`}
            onClick={() => onChange(person, { state: person.state === "active" ? "disabled" : "active" })}
          >
            {person.state === "active" ? t.people.disable : t.people.enable}
          </Button>
        ),
    },
  ];
}
