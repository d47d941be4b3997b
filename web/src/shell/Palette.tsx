/** Ctrl/Cmd-K: everything that can be done from here, found by typing. */
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { t } from "../messages/en";
import { cx } from "../ui/cx";
import { Dialog } from "../ui/Dialog";

export interface Command {
  id: string;
  group: keyof typeof t.palette.groups;
  label: string;
  keys?: string;
  run: () => void;
}

const RECENT = "pp.recent";
let recent: string[] = [];
try {
  recent = JSON.parse(localStorage.getItem(RECENT) ?? "[]") as string[];
} catch {
  // Without storage nothing is recent.
}

function remember(id: string): void {
  recent = [id, ...recent.filter((one) => one !== id)].slice(0, 8);
  try {
    localStorage.setItem(RECENT, JSON.stringify(recent));
  } catch {
    // It is only an order of a list.
  }
}

/** Commands whose words all occur; what was used lately first. */
export function findCommands(commands: Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = commands.filter((command) => {
    const name = `${command.label} ${t.palette.groups[command.group]}`.toLowerCase();
    return words.every((word) => name.includes(word));
  });
  const age = (command: Command) => {
    const index = recent.indexOf(command.id);
    return index < 0 ? recent.length : index;
  };
  return fits.sort((a, b) => age(a) - age(b));
}

export function Palette({
  open,
  onOpenChange,
  commands,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  commands: Command[];
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <Dialog bare open={open} onOpenChange={onOpenChange} title={t.palette.title} initialFocus={input}>
      <Finder input={input} commands={commands} onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Finder({
  input,
  commands,
  onDone,
}: {
  input: React.RefObject<HTMLInputElement | null>;
  commands: Command[];
  onDone: () => void;
}) {
  const id = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(() => findCommands(commands, text), [commands, text]);
  const chosen = found[Math.min(at, found.length - 1)];

  useEffect(() => {
    if (chosen) document.getElementById(`${id}-${chosen.id}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, id]);

  function run(command: Command | undefined): void {
    if (!command) return;
    remember(command.id);
    onDone();
    command.run();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % Math.max(1, found.length));
    else if (event.key === "Enter") run(chosen);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <div className="flex items-center gap-2.5 border-b border-line px-4">
        <Search className="size-4 shrink-0 text-ink-mute" aria-hidden="true" />
        <input
          ref={input}
          role="combobox"
          aria-label={t.palette.placeholder}
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
          placeholder={t.palette.placeholder}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-12 min-w-0 flex-1 bg-transparent text-base outline-none sm:text-sm"
        />
        <kbd className="rounded border border-line px-1.5 font-sans text-xs text-ink-mute">Esc</kbd>
      </div>
      <p role="status" className="sr-only">
        {t.palette.results(found.length)}
      </p>
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={t.palette.title}
        tabIndex={-1}
        className="overflow-y-auto p-1.5"
      >
        {found.map((command) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys act through the field above, as in every combobox
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
          <div
            key={command.id}
            id={`${id}-${command.id}`}
            role="option"
            aria-selected={command === chosen}
            onClick={() => run(command)}
            onPointerMove={() => setAt(found.indexOf(command))}
            className={cx(
              "flex min-h-9 cursor-default items-center gap-3 rounded-md px-2.5 text-sm pointer-coarse:min-h-11",
              command === chosen && "bg-sunken",
            )}
          >
            <span className="min-w-0 flex-1 truncate">{command.label}</span>
            <span className="text-xs text-ink-mute">{t.palette.groups[command.group]}</span>
            {command.keys && (
              <kbd className="rounded border border-line px-1.5 font-sans text-xs text-ink-mute">{command.keys}</kbd>
            )}
          </div>
        ))}
        {found.length === 0 && <p className="px-3 py-6 text-center text-sm text-ink-mute">{t.palette.empty}</p>}
      </div>
    </>
  );
}
