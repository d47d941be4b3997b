/** The days a page is about: two fields, the last day included, as people say it. */
import { type FormEvent, useState } from "react";
import type { Days } from "../../api/money";
import { addDays } from "../../format/date";
import { money } from "../../messages/money";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";

export function WindowForm({ shown, onChange }: { shown: Required<Days>; onChange: (days: Required<Days>) => void }) {
  const [from, setFrom] = useState(shown.from);
  const [last, setLast] = useState(addDays(shown.to, -1));
  const [bad, setBad] = useState(false);
  function submit(event: FormEvent): void {
    event.preventDefault();
    const wrong = !from || !last || last < from;
    setBad(wrong);
    if (!wrong) onChange({ from, to: addDays(last, 1) });
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-wrap items-end gap-2" data-testid="window">
      <TextField
        label={money.window.from}
        type="date"
        value={from}
        onChange={(event) => setFrom(event.target.value)}
        className="w-38"
      />
      <TextField
        label={money.window.to}
        type="date"
        value={last}
        error={bad ? money.window.bad : null}
        onChange={(event) => setLast(event.target.value)}
        className="w-38"
      />
      <Button type="submit">{money.window.show}</Button>
    </form>
  );
}
