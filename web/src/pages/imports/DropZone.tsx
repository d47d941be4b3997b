import { Upload } from "lucide-react";
import { type DragEvent, useId, useRef, useState } from "react";
import { imports } from "../../messages/imports";
import { buttonClass } from "../../ui/Button";
import { cx } from "../../ui/cx";

/** A place to drop files, and a button for everyone who does not drag. */
export function DropZone({ onFiles }: { onFiles: (files: File[]) => void }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const depth = useRef(0);
  const [over, setOver] = useState(false);

  function onDrop(event: DragEvent): void {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) onFiles(files);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the button inside does the same
    <div
      data-testid="dropzone"
      onDragEnter={(event) => {
        event.preventDefault();
        depth.current += 1;
        setOver(true);
      }}
      onDragLeave={() => {
        depth.current -= 1;
        if (depth.current <= 0) setOver(false);
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
      className={cx(
        "flex flex-col items-center gap-2 rounded-xl border-2 border-dashed px-6 py-9 text-center transition-colors",
        over ? "border-accent bg-accent-soft" : "border-line bg-surface",
      )}
    >
      <Upload className="size-6 text-ink-mute" aria-hidden="true" />
      <p className="hidden text-sm font-medium sm:block">{imports.drop}</p>
      <p className="hidden text-xs text-ink-mute sm:block">{imports.or}</p>
      <label
        htmlFor={id}
        className={buttonClass(
          "primary",
          "cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent",
        )}
      >
        {imports.choose}
        <input
          ref={input}
          id={id}
          type="file"
          multiple
          accept=".csv,.tsv,.txt,.gz,text/csv"
          className="sr-only"
          onChange={(event) => {
            const files = [...(event.target.files ?? [])];
            if (files.length > 0) onFiles(files);
            event.target.value = "";
          }}
        />
      </label>
      <p className="text-xs text-ink-mute">{imports.accepts}</p>
    </div>
  );
}
