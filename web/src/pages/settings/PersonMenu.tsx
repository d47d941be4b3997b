/** What a manager does for somebody: a link to a new password, an end to sessions, their brands, a lost second factor, an end. */
import { useMutation } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import type { LinkMade, Person, PersonChange } from "../../api/types";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { Confirm, Dialog } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { Menu } from "../../ui/Menu";
import { toast } from "../../ui/toast";
import { BrandChoice } from "./BrandChoice";
import { LinkShown } from "./Invite";

interface Props {
  person: Person;
  /** Whether an owner looks: they alone let go of an account at the provider. */
  byOwner: boolean;
  onChange: (body: PersonChange) => void;
}

export function PersonMenu({ person, byOwner, onChange }: Props) {
  const [link, setLink] = useState<LinkMade | null>(null);
  const [asking, setAsking] = useState<Reset | null>(null);
  const [choosing, setChoosing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const path = { params: { path: { id: person.id } } };
  const failed = (error: unknown) => toast(asProblem(error).message, "bad");
  const reset = useMutation({
    mutationFn: () => body(api.POST("/api/users/{id}/reset", path)),
    onSuccess: setLink,
    onError: failed,
  });
  const signOut = useMutation({
    mutationFn: () => api.DELETE("/api/users/{id}/sessions", path),
    onSuccess: () => toast(t.invite.signedOut(person.name)),
    onError: failed,
  });
  const takeAway = useMutation({
    mutationFn: (what: Reset) => api.DELETE(`/api/users/{id}/${what}`, path),
    onSuccess: () => toast(t.people.changed(person.name)),
    onError: failed,
    onSettled: () => {
      setAsking(null);
      void queryClient.invalidateQueries({ queryKey: ["people"] });
    },
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/users/{id}", path),
    onSuccess: () => toast(t.people.removed(person.name)),
    onError: failed,
    onSettled: () => {
      setRemoving(false);
      void queryClient.invalidateQueries({ queryKey: ["people"] });
    },
  });
  const active = person.state === "active";
  return (
    <>
      <Menu
        trigger={
          <IconButton label={t.invite.actions(person.name)}>
            <Ellipsis className="size-4" aria-hidden="true" />
          </IconButton>
        }
        items={[
          ...(active ? [{ id: "reset", label: t.invite.reset, run: () => reset.mutate() }] : []),
          { id: "sign-out", label: t.invite.signOut, run: () => signOut.mutate() },
          ...(person.role === "owner" ? [] : [{ id: "brands", label: t.invite.brands, run: () => setChoosing(true) }]),
          ...resets(person, byOwner).map((what) => ({
            id: what,
            label: t.invite.resets[what].action,
            run: () => setAsking(what),
          })),
          { id: "remove", apart: true, label: t.people.remove, run: () => setRemoving(true) },
        ]}
      />
      <LinkShown made={link} email={person.email} onClose={() => setLink(null)} />
      <Confirm
        open={asking !== null}
        onOpenChange={(open) => !open && setAsking(null)}
        title={asking ? t.invite.resets[asking].question(person.name) : ""}
        lead={asking ? t.invite.resets[asking].text : ""}
        action={asking ? t.invite.resets[asking].action : ""}
        busy={takeAway.isPending}
        onConfirm={() => asking && takeAway.mutate(asking)}
      />
      <Confirm
        open={removing}
        onOpenChange={setRemoving}
        title={t.people.removeQuestion(person.name)}
        lead={t.people.removeText}
        action={t.people.remove}
        typed={person.email}
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      />
      <Dialog open={choosing} onOpenChange={setChoosing} title={t.invite.brandsOf(person.name)}>
        <BrandsForm
          person={person}
          onCancel={() => setChoosing(false)}
          onSave={(brands) => {
            setChoosing(false);
            onChange(brands ? { brands } : { all_brands: true });
          }}
        />
      </Dialog>
    </>
  );
}

/** What can be taken away of how somebody signs in, by its address. */
type Reset = keyof typeof t.invite.resets;

/** What there is of it. */
function resets(person: Person, byOwner: boolean): Reset[] {
  const all: Record<Reset, boolean> = {
    totp: person.second_factor,
    passkeys: person.passkeys > 0,
    oidc: person.single_sign_on && byOwner,
  };
  return (Object.keys(all) as Reset[]).filter((what) => all[what]);
}

function BrandsForm({
  person,
  onSave,
  onCancel,
}: {
  person: Person;
  onSave: (brands: string[] | null) => void;
  onCancel: () => void;
}) {
  const [brands, setBrands] = useState<string[] | null>(person.brands ?? null);
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        onSave(brands);
      }}
      onCancel={onCancel}
      action={t.save}
    >
      <BrandChoice value={brands} onChange={setBrands} />
    </Form>
  );
}
