import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { TextField } from "../../ui/Field";

/** A password that can be shown, with a word when Caps Lock is on. */
export function PasswordField(props: ComponentProps<typeof TextField>) {
  const [shown, setShown] = useState(false);
  const [caps, setCaps] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <TextField
      {...props}
      type={shown ? "text" : "password"}
      autoCapitalize="none"
      spellCheck={false}
      help={caps ? t.door.capsLock : props.help}
      onKeyUp={(event) => setCaps(event.getModifierState?.("CapsLock") ?? false)}
      after={
        <IconButton label={shown ? t.door.hide : t.door.show} aria-pressed={shown} onClick={() => setShown(!shown)}>
          <Icon className="size-4" aria-hidden="true" />
        </IconButton>
      }
    />
  );
}
