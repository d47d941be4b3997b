/** Invitations: made, shown once as a link, listed while they are open, taken back. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { invitationsQuery, queryClient } from "../../api/queries";
import type { Invitation, LinkMade, Role } from "../../api/types";
import { instantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { useBrands } from "../../shell/useBrand";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { Dialog } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { Secret } from "../../ui/Secret";
import { toast } from "../../ui/toast";
import { EMAIL } from "../door/SetupFields";
import { BrandChoice } from "./BrandChoice";

/** A link that was just made, whole: the server knows only what comes behind its own address. */
export function LinkShown({ made, email, onClose }: { made: LinkMade | null; email: string; onClose: () => void }) {
  return (
    <Dialog
      open={made !== null}
      onOpenChange={(open) => !open && onClose()}
      title={t.invite.linkTitle(email)}
      lead={t.invite.linkLead}
    >
      {made && (
        <Secret
          label={t.invite.link}
          text={window.location.origin + made.link}
          copy={t.invite.copy}
          done={t.invite.done}
          onDone={onClose}
        />
      )}
    </Dialog>
  );
}

/** The form; the link comes up in its place. */
export function Invite({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [made, setMade] = useState<{ link: LinkMade; email: string } | null>(null);
  return (
    <>
      <Dialog open={open} onOpenChange={onOpenChange} title={t.invite.title} lead={t.invite.lead}>
        <Fields
          onCancel={() => onOpenChange(false)}
          onMade={(link, email) => {
            setMade({ link, email });
            onOpenChange(false);
          }}
        />
      </Dialog>
      <LinkShown made={made?.link ?? null} email={made?.email ?? ""} onClose={() => setMade(null)} />
    </>
  );
}

function Fields({ onMade, onCancel }: { onMade: (link: LinkMade, email: string) => void; onCancel: () => void }) {
  const { register, handleSubmit, setError, watch, formState } = useForm<{ email: string; role: Role }>({
    defaultValues: { email: "", role: "viewer" },
  });
  const [brands, setBrands] = useState<string[] | null>(null);
  const { errors, isSubmitting } = formState;
  const role = watch("role");
  const submit = handleSubmit(async ({ email, role }) => {
    const limited = role !== "owner" && brands ? { brands } : {};
    try {
      const link = await body(api.POST("/api/users/invitations", { body: { email: email.trim(), role, ...limited } }));
      void queryClient.invalidateQueries({ queryKey: ["people", "invitations"] });
      onMade(link, email.trim());
    } catch (error) {
      const problem = asProblem(error);
      const field = problem.field === "email" || problem.code === "email_taken" ? "email" : "root";
      setError(field, { message: problem.message }, { shouldFocus: field === "email" });
    }
  });
  return (
    <Form onSubmit={submit} onCancel={onCancel} action={t.invite.make} busy={isSubmitting} error={errors.root?.message}>
      <TextField
        label={t.people.email}
        type="email"
        autoComplete="off"
        error={errors.email?.message}
        {...register("email", { validate: (text) => EMAIL.test(text.trim()) || t.setup.badEmail })}
      />
      <SelectField label={t.people.role} help={t.people.may[role]} {...register("role")}>
        {(Object.keys(t.people.roles) as Role[]).map((one) => (
          <option key={one} value={one}>
            {t.people.roles[one]}
          </option>
        ))}
      </SelectField>
      {role !== "owner" && <BrandChoice value={brands} onChange={setBrands} />}
    </Form>
  );
}

/** Open invitations; nothing where there are none. */
export function Invitations() {
  const invitations = useQuery(invitationsQuery).data;
  const brands = useBrands().data ?? [];
  const revoke = useMutation({
    mutationFn: (one: Invitation) => api.DELETE("/api/users/invitations/{id}", { params: { path: { id: one.id } } }),
    onSuccess: () => toast(t.invite.revoked),
    onError: (error) => toast(asProblem(error).message, "bad"),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["people", "invitations"] }),
  });
  if (!invitations || invitations.length === 0) return null;
  const nameOf = (id: string) => brands.find((brand) => brand.id === id)?.name ?? id;
  const columns: Column<Invitation>[] = [
    {
      id: "email",
      header: t.people.email,
      left: true,
      cell: (one) => (
        <span title={one.email} className="block truncate font-medium">
          {one.email}
        </span>
      ),
    },
    {
      id: "role",
      header: t.people.role,
      left: true,
      cell: (one) => (
        <>
          {t.people.roles[one.role]}
          {one.brands && <span className="text-ink-mute"> · {one.brands.map(nameOf).join(", ")}</span>}
        </>
      ),
    },
    {
      id: "until",
      header: t.invite.until,
      cell: (one) => <span className="text-ink-mute">{instantLabel(one.expires_at)}</span>,
    },
    {
      id: "actions",
      header: t.invite.revoke,
      hidden: true,
      cell: (one) => (
        <Button
          look="ghost"
          disabled={revoke.isPending}
          aria-label={t.invite.revokeOf(one.email)}
          onClick={() => revoke.mutate(one)}
        >
          {t.invite.revoke}
        </Button>
      ),
    },
  ];
  return (
    <Card title={t.invite.open} className="overflow-hidden">
      <DataTable id="invitations" label={t.invite.open} columns={columns} rows={invitations} rowId={(one) => one.id} />
    </Card>
  );
}
