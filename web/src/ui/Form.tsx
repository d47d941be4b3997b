import type { FormEvent, ReactNode } from "react";
import { t } from "../messages/en";
import { Button } from "./Button";

/** A form in a window: its fields, what is wrong with all of it, the way back and the way on. */
export function Form({
  onSubmit,
  onCancel,
  action,
  look = "primary",
  busy,
  error,
  children,
}: {
  onSubmit: (event: FormEvent) => unknown;
  onCancel: () => void;
  action: string;
  look?: "primary" | "danger";
  busy?: boolean;
  error?: string;
  children?: ReactNode;
}) {
  return (
    <form noValidate onSubmit={(event) => void onSubmit(event)} className="flex flex-col gap-4">
      {children}
      <p role="alert" className="text-sm text-danger empty:hidden">
        {error}
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>{t.cancel}</Button>
        <Button look={look} type="submit" disabled={busy}>
          {action}
        </Button>
      </div>
    </form>
  );
}
