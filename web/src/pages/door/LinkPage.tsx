/** Where a link leads that somebody handed over: into the company, or to a new password. */
import { Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { asProblem, type Problem } from "../../api/problem";
import { providerName } from "../../api/provider";
import { login, send } from "../../api/session";
import type { LinkView } from "../../api/types";
import { t } from "../../messages/en";
import { Button, buttonClass } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Failed, LoadingRows } from "../../ui/States";
import { Door } from "./Door";
import { PasswordField } from "./PasswordField";

/** The token stands in the fragment, which no server ever logs; it leaves the address bar at once. */
function takeToken(): string {
  const token = window.location.hash.slice(1);
  if (token) window.history.replaceState(window.history.state, "", window.location.pathname);
  return token;
}

export function LinkPage() {
  const [token, setToken] = useState(takeToken);
  const [view, setView] = useState<LinkView | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a further try asks again
  useEffect(() => {
    setProblem(null);
    send<LinkView>("/api/auth/links", { token }).then(setView, (error) => setProblem(asProblem(error)));
  }, [token, tries]);
  useEffect(() => {
    // Another link, opened while this page is there already.
    const take = () => {
      const next = takeToken();
      if (!next) return;
      setView(null);
      setToken(next);
    };
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  const title = view ? (view.kind === "reset" ? t.link.reset : t.link.join(view.tenant)) : t.app;
  useEffect(() => {
    document.title = view ? `${title} · ${t.app}` : t.app;
  }, [view, title]);

  if (problem && problem.status !== 404) {
    return (
      <Door>
        <Failed problem={problem} onRetry={() => setTries(tries + 1)} />
      </Door>
    );
  }
  if (problem) {
    return (
      <Door>
        <div data-testid="state-gone">
          <h1 className="text-lg font-semibold tracking-tight">{t.link.gone}</h1>
          <p className="mt-1 mb-5 text-sm text-ink-mute">{t.link.goneText}</p>
          <Link to="/login" className={buttonClass("primary")}>
            {t.door.signIn}
          </Link>
        </div>
      </Door>
    );
  }
  return (
    <Door>
      {view ? (
        <>
          <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
          <p className="mt-1 text-sm text-ink-mute">
            {view.kind === "reset" ? t.link.resetLead(view.email) : t.link.joinLead(view.email)}
          </p>
          <Form token={token} view={view} onGone={setProblem} />
        </>
      ) : (
        <>
          <h1 className="sr-only">{t.app}</h1>
          <LoadingRows rows={3} />
        </>
      )}
    </Door>
  );
}

function Form({ token, view, onGone }: { token: string; view: LinkView; onGone: (problem: Problem) => void }) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<{ name?: string; password?: string; form?: string }>({});
  const joins = view.kind === "invitation";
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => {
    if (joins) void providerName().then(setProvider);
  }, [joins]);

  /** The provider vouches for the e-mail, so no password is needed. */
  async function joinThere(): Promise<void> {
    setBusy(true);
    try {
      const { location } = await send<{ location: string }>("/api/auth/oidc/start", { invitation: token });
      window.location.assign(location);
    } catch (error) {
      setErrors({ form: asProblem(error).message });
      setBusy(false);
    }
  }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [name, password] = [String(form.get("name") ?? "").trim(), String(form.get("password"))];
    const found = {
      ...(joins && !name ? { name: t.setup.required } : {}),
      ...([...password].length < 12 ? { password: t.setup.passwordShort } : {}),
    };
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      const { email } = await send<{ email: string }>("/api/auth/links/accept", {
        token,
        password,
        ...(joins ? { name } : {}),
      });
      // Where a code is asked for as well, the sign-in page does that.
      await login(email, password).then(
        () => router.navigate({ to: "/", replace: true }),
        () => router.navigate({ to: "/login", replace: true }),
      );
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 404) onGone(problem);
      else if (problem.field === "name" || problem.field === "password")
        setErrors({ [problem.field]: problem.message });
      else setErrors({ form: problem.message });
    } finally {
      setBusy(false);
    }
  }

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="mt-5 flex flex-col gap-4">
      {/* A password manager files the new password under this name. */}
      <input type="hidden" autoComplete="username" value={view.email} />
      {joins && <TextField label={t.link.name} name="name" autoComplete="name" error={errors.name} />}
      <PasswordField
        label={joins ? t.door.password : t.link.password}
        help={t.setup.passwordHelp}
        name="password"
        autoComplete="new-password"
        error={errors.password}
      />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {errors.form}
      </p>
      <Button look="primary" type="submit" disabled={busy}>
        {joins ? t.link.join_ : t.link.set}
      </Button>
      {provider && (
        <Button disabled={busy} onClick={() => void joinThere()}>
          {t.ways.join(provider)}
        </Button>
      )}
    </form>
  );
}
