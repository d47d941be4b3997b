import { useRef } from "react";
import type { Archive } from "../../api/types";
import { longInstantLabel } from "../../format/date";
import { backups } from "../../messages/operate";
import { CommandLine } from "../../ui/CommandLine";
import { Dialog } from "../../ui/Dialog";

const IDENTITY = "--identity backup-identity.txt";

/** The commands that bring an archive back: the page cannot, for it never holds the private half. */
export function HowToRestore({
  archive,
  slug,
  onClose,
}: {
  archive: Archive | null;
  slug: string;
  onClose: () => void;
}) {
  // What was shown last stays in the window while it closes.
  const shown = useRef(archive);
  if (archive) shown.current = archive;
  const one = shown.current;
  if (!one) return null;
  const restore = `pulsepoint restore --tenant ${slug} --from ${one.file} ${IDENTITY}`;
  const commands = {
    verify: `pulsepoint backup verify ${one.file} ${IDENTITY}`,
    beside: `${restore} --as ${slug}-rehearsal`,
    over: `${restore} --overwrite`,
  };
  return (
    <Dialog
      open={archive !== null}
      onOpenChange={(open) => !open && onClose()}
      title={backups.restoreTitle(longInstantLabel(one.at))}
      lead={backups.restoreLead}
    >
      <ol className="flex flex-col gap-4">
        {(["verify", "beside", "over"] as const).map((step) => (
          <li key={step} data-testid={`restore-${step}`}>
            <p className="mb-1 text-sm font-medium">{backups.steps[step]}</p>
            <CommandLine command={commands[step]} label={backups.steps[step]} />
          </li>
        ))}
      </ol>
      <p className="mt-4 text-xs text-ink-mute">{backups.restoreAfter}</p>
    </Dialog>
  );
}
