import { t } from "../messages/en";
import { CopyButton } from "./CopyButton";

/** A command to be typed on the machine, with a button that copies it. */
export function CommandLine({ command, label }: { command: string; label: string }) {
  return (
    <div className="flex items-start gap-1 rounded-lg border border-line bg-sunken py-1.5 pr-1 pl-2.5">
      <code className="min-w-0 flex-1 py-0.5 font-mono text-xs leading-5 break-words text-ink">
        {/* A word breaks before itself, not after its hyphens. */}
        {command.split(" ").flatMap((word, at) => [
          at > 0 && " ",
          // biome-ignore lint/suspicious/noArrayIndexKey: words of a command have no identity
          <span key={at} className="inline-block max-w-full">
            {word}
          </span>,
        ])}
      </code>
      <CopyButton text={command} label={`${t.copy}: ${label}`} />
    </div>
  );
}
