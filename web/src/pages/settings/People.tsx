import { useMutation, useQuery } from "@tanstack/react-query";
import { Mail, UserPlus } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, peopleQuery, queryClient } from "../../api/queries";
import type { Person, PersonChange, Role } from "../../api/types";
import { dayLabel } from "../../format/date";
import { t } from "../../messages/en";
import { useBrands } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { type Column, DataTable } from "../../ui/DataTable";
import { Confirm } from "../../ui/Dialog";
import { Switch } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { Failed, Forbidden, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { AddPerson } from "./AddPerson";
import { Invitations, Invite } from "./Invite";
import { PersonMenu } from "./PersonMenu";
import { Roles } from "./Roles";

export const ROLES = Object.keys(t.people.roles) as Role[];

export function People() {
  const me = useQuery(meQuery).data;
  const allowed = me?.user.permissions.includes("manage");
  const [adding, setAdding] = useState(false);
  const [inviting, setInviting] = useState(false);
  return (
    <Page
      title={t.people.title}
      lead={t.people.lead}
      actions={
        allowed && (
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setAdding(true)}>
              <UserPlus className="size-4" aria-hidden="true" />
              {t.people.add}
            </Button>
            <Button look="primary" onClick={() => setInviting(true)}>
              <Mail className="size-4" aria-hidden="true" />
              {t.invite.action}
            </Button>
          </div>
        )
      }
    >
      {me && !allowed && (
        <div className="card">
          <Forbidden need="manage" />
        </div>
      )}
      {allowed && <List myId={me?.user.id ?? ""} byOwner={me?.user.role === "owner"} />}
      {allowed && <Invitations />}
      {allowed && <Roles />}
      {me && allowed && me.user.role === "owner" && <Rule required={me.second_factor.required} />}
      {allowed && <AddPerson open={adding} onOpenChange={setAdding} />}
      {allowed && <Invite open={inviting} onOpenChange={setInviting} />}
    </Page>
  );
}

/** What an owner asks of everybody's sign-in. */
function Rule({ required }: { required: boolean }) {
  const rule = useMutation({
    mutationFn: (on: boolean) => api.PUT("/api/users/policy", { body: { second_factor_required: on } }),
    onSuccess: () => toast(t.saved),
    onError: (error) => toast(asProblem(error).message, "bad"),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["me"] }),
  });
  return (
    <div className="card p-4 sm:px-5">
      <Switch
        label={t.invite.requireAll}
        help={t.invite.requireHelp}
        checked={rule.isPending ? rule.variables : required}
        onChange={(on) => rule.mutate(on)}
      />
    </div>
  );
}

function List({ myId, byOwner }: { myId: string; byOwner: boolean }) {
  const people = useQuery(peopleQuery);
  const brands = useBrands().data ?? [];
  const [disabling, setDisabling] = useState<Person | null>(null);
  const change = useMutation({
    mutationFn: ({ person, body }: { person: Person; body: PersonChange }) =>
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
  const nameOf = (id: string) => brands.find((brand) => brand.id === id)?.name ?? id;
  const columns = columnsFor({ myId, byOwner }, nameOf, (person, body) =>
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

/** How somebody signs in beside a password, as the server tells. */
function waysIn(person: Person): string[] {
  const ways = [
    person.second_factor && t.invite.factorOn,
    person.passkeys > 0 && t.invite.passkeysOn(person.passkeys),
    person.single_sign_on && t.invite.ssoOn,
  ];
  return ways.filter((way) => way !== false);
}

function columnsFor(
  { myId, byOwner }: { myId: string; byOwner: boolean },
  nameOf: (brand: string) => string,
  onChange: (person: Person, body: PersonChange) => void,
): Column<Person>[] {
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
          {person.brands && (
            <span className="block truncate text-xs text-ink-mute">
              {person.brands.map(nameOf).join(", ") || t.brandsOf.none}
            </span>
          )}
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
        <span className={cx("block", person.state === "disabled" && "text-ink-mute")}>
          {person.state === "active" ? t.people.active : t.people.disabled}
          {waysIn(person).length > 0 && (
            <span className="block w-32 text-xs whitespace-normal text-ink-mute">{waysIn(person).join(" · ")}</span>
          )}
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
          <span className="inline-flex items-center gap-1">
            <Button
              look="ghost"
              aria-label={`${person.state === "active" ? t.people.disable : t.people.enable} ${person.name}`}
              onClick={() => onChange(person, { state: person.state === "active" ? "disabled" : "active" })}
            >
              {person.state === "active" ? t.people.disable : t.people.enable}
            </Button>
            <PersonMenu person={person} byOwner={byOwner} onChange={(body) => onChange(person, body)} />
          </span>
        ),
    },
  ];
}
