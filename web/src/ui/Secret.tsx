import { t } from "../messages/en";
import { Button } from "./Button";
import { copyText } from "./CopyButton";

/** What is shown once: to be selected, copied, and then confirmed as kept. */
export function Secret({
  label,
  text,
  copy,
  done,
  onDone,
}: {
  label: string;
  text: string;
  copy: string;
  done: string;
  onDone: () => void;
}) {
  return (
    <div className="flex flex-col gap-4">
      <textarea
        readOnly
        aria-label={label}
        data-testid="secret"
        value={text}
        rows={Math.min(10, Math.max(3, text.split("\n").length))}
        onFocus={(event) => event.currentTarget.select()}
        className="w-full resize-none rounded-lg border border-line-strong bg-sunken p-2.5 font-mono text-xs leading-5 break-all text-ink"
      />
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => void copyText(text)}>{copy}</Button>
        <Button look="primary" onClick={onDone}>
          {done || t.close}
        </Button>
      </div>
    </div>
  );
}
