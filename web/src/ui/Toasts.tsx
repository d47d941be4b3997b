import { X } from "lucide-react";
import { t } from "../messages/en";
import { IconButton } from "./Button";
import { cx } from "./cx";
import { dismiss, useToasts } from "./toast";

export function Toasts() {
  const messages = useToasts();
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 bottom-20 z-60 flex flex-col items-center gap-2 px-4 lg:bottom-6"
    >
      {messages.map((one) => (
        <div
          key={one.id}
          data-testid="toast"
          className={cx(
            "popup pointer-events-auto flex max-w-[32rem] items-center gap-2 py-1.5 pr-1.5 pl-4 text-sm",
            one.tone === "bad" && "border-danger text-danger",
          )}
        >
          {one.text}
          <IconButton label={t.close} onClick={() => dismiss(one.id)}>
            <X className="size-4" aria-hidden="true" />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
