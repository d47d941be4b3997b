/** One bucket of a chart under the pointer or the keyboard. */
import { type KeyboardEvent, useCallback, useState } from "react";
import { announce } from "../ui/announce";

interface Options {
  count: number;
  /** What is said when the reading moves. */
  describe: (index: number, line: number) => string;
  lines: number;
  onZoom?: (from: number, to: number) => void;
}

export function useReading({ count, describe, lines, onZoom }: Options) {
  const [index, setIndex] = useState<number | null>(null);
  const [line, setLine] = useState(0);
  const [mark, setMark] = useState<number | null>(null);

  const clear = useCallback(() => {
    setIndex(null);
    setMark(null);
  }, []);

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    const at = index ?? count;
    const moves: Record<string, number> = {
      ArrowLeft: Math.max(0, at - 1),
      ArrowRight: index === null ? 0 : Math.min(count - 1, at + 1),
      Home: 0,
      End: count - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      setMark(event.shiftKey ? (mark ?? index ?? next) : null);
      setIndex(next);
      announce(describe(next, line));
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const other = (line + (event.key === "ArrowUp" ? lines - 1 : 1)) % lines;
      setLine(other);
      announce(describe(index ?? count - 1, other));
    } else if (event.key === "Enter" && mark !== null && index !== null && mark !== index) {
      onZoom?.(Math.min(mark, index), Math.max(mark, index));
      clear();
    } else if (event.key === "Escape" && index !== null) {
      clear();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return { index, setIndex, line, mark, clear, onKeyDown };
}
