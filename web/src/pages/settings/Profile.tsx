/** One's own account: the password, the second factor, where one is signed in. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useForm } from "react-hook-form";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import { meQuery, queryClient, sessionsQuery } from "../../api/queries";
import { adopt, refresh } from "../../api/session";
import type { Session } from "../../api/types";
import { ageLabel, instantLabel } from "../../format/date";
import { t } from "../../messages/en";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { type Column, DataTable } from "../../ui/DataTable";
import { Page } from "../../ui/Page";
import { Failed, LoadingRows } from "../../ui/States";
import { toast } from "../../ui/toast";
import { PasswordField } from "../door/PasswordField";
import { Passkeys } from "./Passkeys";
import { SecondFactor } from "./SecondFactor";

export function Profile() {
  const me = useQuery(meQuery).data;
  return (
    <Page title={t.profile.title} lead={me && t.profile.lead(me.user.email)}>
      <PasswordCard email={me?.user.email ?? ""} />
      <SecondFactor />
      <Passkeys />
      <Sessions />
    </Page>
  );
}

function PasswordCard({ email }: { email: string }) {
  const { register, handleSubmit, setError, reset, formState } = useForm<{ current: string; next: string }>();
  const { errors, isSubmitting } = formState;
  const submit = handleSubmit(async ({ current, next }) => {
    try {
      adopt(await body(api.POST("/api/auth/password", { body: { current, new: next } })));
    } catch (error) {
      const problem = asProblem(error);
      const field = problem.field === "current" ? "current" : problem.field === "new" ? "next" : "root";
      setError(field, { message: problem.message }, { shouldFocus: field !== "root" });
      return;
    }
    reset();
    toast(t.profile.changed);
    await queryClient.invalidateQueries({ queryKey: ["sessions"] });
  });
  return (
    <Card title={t.profile.password} lead={t.profile.passwordLead}>
      <form
        noValidate
        onSubmit={(event) => void submit(event)}
        className="flex max-w-md flex-col gap-4 px-4 pb-5 sm:px-5"
      >
        <input type="hidden" autoComplete="username" value={email} />
        <PasswordField
          label={t.profile.current}
          autoComplete="current-password"
          error={errors.current?.message}
          {...register("current", { validate: (text) => text !== "" || t.door.needPassword })}
        />
        <PasswordField
          label={t.profile.next}
          help={t.setup.passwordHelp}
          autoComplete="new-password"
          error={errors.next?.message}
          {...register("next", { validate: (text) => [...text].length >= 12 || t.setup.passwordShort })}
        />
        <p role="alert" className="text-sm text-danger empty:hidden">
          {errors.root?.message}
        </p>
        <div>
          <Button look="primary" type="submit" disabled={isSubmitting}>
            {t.profile.change}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const again = { onSettled: () => queryClient.invalidateQueries({ queryKey: ["sessions"] }) };
  /** Every access token of the person has ended with it; this session's cookie brings another. */
  const renewed = async (text: string) => {
    await refresh();
    toast(text);
  };
  const failed = (error: unknown) => toast(asProblem(error).message, "bad");
  const end = useMutation({
    mutationFn: (id: string) => api.DELETE("/api/auth/sessions/{id}", { params: { path: { id } } }),
    onSuccess: () => renewed(t.profile.ended),
    onError: failed,
    ...again,
  });
  const endOthers = useMutation({
    mutationFn: () => api.DELETE("/api/auth/sessions"),
    onSuccess: () => renewed(t.profile.othersEnded),
    onError: failed,
    ...again,
  });
  const others = sessions.data?.some((session) => !session.current);
  return (
    <Card
      title={t.profile.sessions}
      lead={t.profile.sessionsLead}
      className="overflow-hidden"
      actions={
        others && (
          <Button look="ghost" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {t.profile.endOthers}
          </Button>
        )
      }
    >
      {sessions.isPending && <LoadingRows rows={2} />}
      {sessions.isError && <Failed problem={asProblem(sessions.error)} onRetry={() => void sessions.refetch()} />}
      {sessions.data && (
        <DataTable
          id="sessions"
          label={t.profile.sessions}
          columns={columns((session) => end.mutate(session.id), end.isPending)}
          rows={sessions.data}
          rowId={(session) => session.id}
        />
      )}
    </Card>
  );
}

function columns(onEnd: (session: Session) => void, busy: boolean): Column<Session>[] {
  const name = (session: Session) => session.device || t.profile.unknown;
  return [
    {
      id: "device",
      header: t.profile.device,
      left: true,
      cell: (session) => (
        <span className="font-medium">
          {name(session)}
          {session.current && <span className="font-normal text-ink-mute"> ({t.profile.here})</span>}
        </span>
      ),
    },
    {
      id: "ip",
      header: t.profile.address,
      left: true,
      cell: (session) => <span className="font-mono text-xs text-ink-soft">{session.ip}</span>,
    },
    {
      id: "first",
      header: t.profile.first,
      sort: (session) => session.first_seen_at,
      cell: (session) => <span className="text-ink-mute">{instantLabel(session.first_seen_at)}</span>,
    },
    {
      id: "last",
      header: t.profile.last,
      sort: (session) => session.last_seen_at,
      cell: (session) => <span className="text-ink-mute">{ageLabel(session.last_seen_at, Date.now())}</span>,
    },
    {
      id: "actions",
      header: t.profile.end,
      hidden: true,
      cell: (session) =>
        session.current ? null : (
          <Button
            look="ghost"
            disabled={busy}
            aria-label={t.profile.endOf(name(session))}
            onClick={() => onEnd(session)}
          >
            {t.profile.end}
          </Button>
        ),
    },
  ];
}
