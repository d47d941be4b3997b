import type { Direction, Tone } from "../../api/types";
import type { Delta as DeltaText } from "../../format/delta";
import { cx } from "../../ui/cx";

const TONES: Record<Tone, string> = { good: "text-good", bad: "text-bad", neutral: "text-ink-mute" };

/** Direction as a glyph, goodness as a colour, both as words in the figures: never colour alone. */
export function Delta({
  delta,
  direction,
  tone,
  value,
  testId,
}: {
  delta: DeltaText;
  direction: Direction | null | undefined;
  tone: Tone | null;
  value?: string | number | null;
  testId?: string;
}) {
  return (
    <span
      data-testid={testId}
      data-direction={direction ?? "flat"}
      data-tone={tone ?? "neutral"}
      data-value={value ?? ""}
      title={delta.reason || undefined}
      className={cx("text-xs font-medium whitespace-nowrap", TONES[tone ?? "neutral"])}
    >
      {delta.glyph && (
        <span aria-hidden="true" className="mr-1 text-[0.625rem]">
          {delta.glyph}
        </span>
      )}
      {delta.relative}
      {delta.absolute && <span className="font-normal text-ink-mute"> · {delta.absolute}</span>}
    </span>
  );
}
