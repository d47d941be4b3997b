import { useRouter } from "@tanstack/react-router";
import { asProblem } from "../api/problem";
import { t } from "../messages/en";
import { Button } from "../ui/Button";

/** A page that could not even begin: the server is away, or its code could not be fetched. */
export function Broken({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <main
      className="mx-auto flex max-w-xl flex-col items-center gap-3 px-6 py-24 text-center"
      data-testid="state-error"
    >
      <h1 className="text-base font-semibold">{t.states.errorTitle}</h1>
      <p role="alert" className="text-sm text-ink-mute">
        {asProblem(error).message}
      </p>
      <Button onClick={() => void router.invalidate()}>{t.retry}</Button>
    </main>
  );
}
