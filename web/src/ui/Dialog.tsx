import { lazy, type ReactNode, type RefObject, Suspense, useEffect, useState } from "react";
import { t } from "../messages/en";
import { TextField } from "./Field";
import { Form } from "./Form";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  /** Brings its own header and padding. */
  bare?: boolean;
  /** Stands at the right edge, from top to bottom, where there is room. */
  drawer?: boolean;
  initialFocus?: RefObject<HTMLElement | null>;
}

const DialogPopup = lazy(() => import("./late/DialogPopup"));

/** A modal question or form. On phones it is a sheet at the bottom edge. */
export function Dialog(props: DialogProps) {
  const [wanted, setWanted] = useState(false);
  useEffect(() => {
    if (props.open) setWanted(true);
  }, [props.open]);
  if (!wanted) return null;
  return (
    <Suspense fallback={null}>
      <DialogPopup {...props} />
    </Suspense>
  );
}

interface Question {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  lead: string;
  action: string;
  busy?: boolean;
  /** What has to be typed first, where nothing brings it back. */
  typed?: string;
  onConfirm: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onOpenChange, title, lead, ...question }: Question) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} lead={lead}>
      <Answer {...question} onCancel={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Answer({
  action,
  busy,
  typed,
  onConfirm,
  onCancel,
}: Pick<Question, "action" | "busy" | "typed" | "onConfirm"> & { onCancel: () => void }) {
  const [text, setText] = useState("");
  const sure = typed === undefined || text.trim() === typed.trim();
  return (
    <Form
      look="danger"
      action={action}
      busy={busy || !sure}
      onCancel={onCancel}
      onSubmit={(event) => {
        event.preventDefault();
        if (sure) onConfirm();
      }}
    >
      {typed !== undefined && (
        <TextField
          label={t.typeIt(typed)}
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      )}
    </Form>
  );
}
