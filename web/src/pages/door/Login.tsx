import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, lazy, Suspense, useEffect, useRef, useState } from "react";
import { asProblem } from "../../api/problem";
import { login, loginWithCode, loginWithPasskey } from "../../api/session";
import { t } from "../../messages/en";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { Door } from "./Door";
import { PasswordField } from "./PasswordField";

/** Not in what the page waits for. */
const OtherWays = lazy(() => import("./OtherWays"));

const route = getRouteApi("/login");

interface Errors {
  email?: string;
  password?: string;
  code?: string;
  form?: string;
}

/** What was right so far; the code is still to come. After the provider the server knows who it is by a cookie. */
type Passed = { email: string; password: string } | "provider";

const ended = new Map(Object.entries(t.ways.ended));

/** The word that the provider's way back ends with; it leaves the address bar at once. */
function takeWord(): string | null {
  const word = /^#sso=(\w+)$/.exec(window.location.hash)?.[1] ?? null;
  if (word) window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return word;
}

/** Two fields and no library: this page is the first thing a phone on a slow line has to fetch. */
export function Login() {
  const { next, ended: hasEnded } = route.useSearch();
  const router = useRouter();
  const email = useRef<HTMLInputElement>(null);
  const [wait, setWait] = useState(0);
  const [busy, setBusy] = useState(false);
  const [word] = useState(takeWord);
  const [errors, setErrors] = useState<Errors>(() => ({ form: ended.get(word ?? "") }));
  const [passed, setPassed] = useState<Passed | null>(word === "code" ? "provider" : null);
  const code = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = `${t.door.login} · ${t.app}`;
  }, []);
  useEffect(() => {
    (passed ? code : email).current?.focus();
  }, [passed]);
  useEffect(() => {
    if (wait <= 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const typed = passed ? String(form.get("code")).trim() : undefined;
    if (passed === "provider") {
      setErrors(typed ? {} : { code: t.factor.step });
      if (typed) await attempt(() => loginWithCode(typed));
      return;
    }
    const address = passed?.email ?? String(form.get("email")).trim();
    const password = passed?.password ?? String(form.get("password"));
    const found: Errors = {
      ...(address ? {} : { email: t.door.needEmail }),
      ...(password ? {} : { password: t.door.needPassword }),
      ...(typed === "" ? { code: t.factor.step } : {}),
    };
    setErrors(found);
    if (found.email || found.password || found.code) return;
    await attempt(
      () => login(address, password, typed),
      () => setPassed({ email: address, password }),
    );
  }

  async function byPasskey(): Promise<void> {
    setErrors({});
    await attempt(async () => {
      const { showPasskey } = await import("../../api/passkeys");
      const given = await showPasskey();
      if (!given) return t.ways.passkeyStopped;
      await loginWithPasskey(given);
    });
  }

  /** Lets somebody in, or says why not. A text that `enter` gives is why. */
  async function attempt(enter: () => Promise<unknown>, onCode?: () => void): Promise<void> {
    setBusy(true);
    try {
      const stopped = await enter();
      if (typeof stopped === "string") setErrors({ form: stopped });
      else await router.navigate({ href: next ?? "/", replace: true });
    } catch (error) {
      const problem = asProblem(error);
      if (problem.retryAfter !== null) setWait(Math.ceil(problem.retryAfter));
      else if (problem.code === "totp_required") onCode?.();
      else if (problem.code === "wrong_totp") setErrors({ code: t.factor.wrong });
      else if (problem.code === "wrong_passkey") setErrors({ form: t.ways.wrongPasskey });
      else if (problem.code === "sign_in_expired") {
        setPassed(null);
        setErrors({ form: ended.get("expired") });
      } else setErrors({ form: problem.status === 401 ? t.door.wrong : problem.message });
    } finally {
      setBusy(false);
    }
  }

  const message = wait > 0 ? t.door.locked(wait) : errors.form;
  return (
    <Door>
      <h1 className="text-lg font-semibold tracking-tight">{t.door.login}</h1>
      <p className="mt-1 text-sm text-ink-mute">
        {passed ? t.factor.step : hasEnded ? t.door.ended : t.door.loginLead}
      </p>
      <form noValidate onSubmit={(event) => void submit(event)} className="mt-5 flex flex-col gap-4">
        {passed ? (
          <TextField
            key="code"
            label={t.factor.code}
            help={t.factor.anyCode}
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            ref={code}
            name="code"
            error={errors.code}
          />
        ) : (
          <>
            <TextField
              label={t.door.email}
              type="email"
              autoComplete="username"
              inputMode="email"
              ref={email}
              name="email"
              error={errors.email}
            />
            <PasswordField
              label={t.door.password}
              autoComplete="current-password"
              name="password"
              error={errors.password}
            />
          </>
        )}
        <p role="alert" className="text-sm text-danger empty:hidden">
          {message}
        </p>
        <Button look="primary" type="submit" disabled={busy || wait > 0}>
          {busy ? t.door.signingIn : t.door.signIn}
        </Button>
        {passed && (
          <Button
            look="ghost"
            onClick={() => {
              setErrors({});
              setPassed(null);
            }}
          >
            {t.factor.back}
          </Button>
        )}
      </form>
      {!passed && (
        <Suspense fallback={null}>
          <OtherWays next={next} busy={busy} onPasskey={() => void byPasskey()} />
        </Suspense>
      )}
    </Door>
  );
}
