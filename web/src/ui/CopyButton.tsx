import { Copy } from "lucide-react";
import { t } from "../messages/en";
import { IconButton } from "./Button";
import { toast } from "./toast";

/** Copies text also where the clipboard API is missing: on plain http outside of localhost. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(t.copied);
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  return (
    <IconButton small label={label} onClick={() => void copyText(text)}>
      <Copy className="size-3.5" aria-hidden="true" />
    </IconButton>
  );
}
