import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { disconnect, type Integration } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { queryClient } from "../../api/queries";
import { t } from "../../messages/en";
import { integrations } from "../../messages/integrations";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Form } from "../../ui/Form";
import { toast } from "../../ui/toast";
import { Check } from "../settings/BrandChoice";
import { nameOf } from "./looks";

interface Props {
  one: Integration;
  brand: string;
  open: boolean;
  onClose: () => void;
}

/** Ends a connection; what becomes of its data has to be chosen, and its name typed. */
export function Disconnect({ one, brand, open, onClose }: Props) {
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={integrations.disconnectTitle(nameOf(one))}
      lead={integrations.disconnectLead}
    >
      <Question one={one} brand={brand} onClose={onClose} />
    </Dialog>
  );
}

function Question({ one, brand, onClose }: Omit<Props, "open">) {
  const navigate = useNavigate();
  const [data, setData] = useState<"keep" | "delete">("keep");
  const [text, setText] = useState("");
  const name = nameOf(one);
  // The platform alone: names of accounts can be a line long, and the title says which one it is.
  const typed = integrations.sources[one.source];
  const sure = text.trim() === typed;
  const end = useMutation({
    mutationFn: () => disconnect(one.id, data),
    onSuccess: async () => {
      toast(data === "keep" ? integrations.disconnected(name) : integrations.disconnectedAndDeleted(name));
      await navigate({ to: "/b/$brand/integrations", params: { brand } });
      void queryClient.invalidateQueries({ queryKey: ["integrations"] });
    },
  });
  return (
    <Form
      look="danger"
      action={integrations.disconnect}
      busy={end.isPending || !sure}
      error={end.isError ? asProblem(end.error).message : undefined}
      onCancel={onClose}
      onSubmit={(event) => {
        event.preventDefault();
        if (sure) end.mutate();
      }}
    >
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 text-sm font-medium">{integrations.dataChoice}</legend>
        {(["keep", "delete"] as const).map((choice) => (
          <div key={choice}>
            <Check
              type="radio"
              name="data"
              label={integrations[choice]}
              checked={data === choice}
              onChange={() => setData(choice)}
            />
            <p className="pl-6 text-xs text-ink-mute">{integrations[`${choice}Help`]}</p>
          </div>
        ))}
      </fieldset>
      <TextField
        label={t.typeIt(typed)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
    </Form>
  );
}
