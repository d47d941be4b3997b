import { t } from "../../messages/en";
import { Segmented, Switch } from "../../ui/Field";
import { Page } from "../../ui/Page";
import { setSingleKeys, setTheme, type Theme, useSingleKeys, useTheme } from "../../ui/preferences";

const THEMES = ["system", "light", "dark"] as const;

export function Appearance() {
  const theme = useTheme();
  const keys = useSingleKeys();
  return (
    <Page title={t.appearance.title} lead={t.appearance.lead}>
      <div className="card flex flex-col divide-y divide-line px-5">
        <div className="flex flex-wrap items-center justify-between gap-3 py-4">
          <span className="text-sm font-medium">{t.appearance.theme}</span>
          <Segmented<Theme>
            label={t.appearance.theme}
            value={theme}
            onChange={setTheme}
            choices={THEMES.map((value) => ({ value, label: t.appearance.themes[value] }))}
          />
        </div>
        <div className="py-4">
          <Switch label={t.appearance.keys} help={t.appearance.keysHelp} checked={keys} onChange={setSingleKeys} />
        </div>
      </div>
    </Page>
  );
}
