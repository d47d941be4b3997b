/** Ways in besides the password: a passkey, the provider of single sign-on. Shown once the server says that they are there. */
import { useEffect, useState } from "react";
import { canSignIn } from "../../api/passkeys";
import { providerName } from "../../api/provider";
import { t } from "../../messages/en";
import { Button, buttonClass } from "../../ui/Button";

const NEXT = "pp.next";

/** Where to go after the provider has sent the person back: kept in this tab alone. */
export function keepNext(next: string | undefined): void {
  try {
    if (next) sessionStorage.setItem(NEXT, next);
    else sessionStorage.removeItem(NEXT);
  } catch {
    // Without storage the sign-in ends on the first page.
  }
}

export default function OtherWays({
  next,
  busy,
  onPasskey,
}: {
  next: string | undefined;
  busy: boolean;
  onPasskey: () => void;
}) {
  const [provider, setProvider] = useState<string | null>(null);
  const [passkey, setPasskey] = useState(false);
  useEffect(() => {
    let gone = false;
    void providerName().then((name) => gone || setProvider(name));
    void canSignIn().then((can) => gone || setPasskey(can));
    return () => {
      gone = true;
    };
  }, []);
  if (!provider && !passkey) return null;
  return (
    <div data-testid="other-ways" className="mt-4 flex flex-col gap-2 border-t border-line pt-4">
      {passkey && (
        <Button disabled={busy} onClick={onPasskey}>
          {t.ways.passkey}
        </Button>
      )}
      {provider && (
        <a href="/api/auth/oidc/start" className={buttonClass()} onClick={() => keepNext(next)}>
          {t.ways.provider(provider)}
        </a>
      )}
    </div>
  );
}
