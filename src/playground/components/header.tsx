import { photographs } from "../state/photographs.ts";
import { hasService } from "../state/run.ts";
import { language, place, theme } from "../state/settings.ts";
import { words } from "../state/words.ts";
import { LANGUAGES, type Language } from "../words/index.ts";
import { Icon, Logo } from "./icon.tsx";
import { Segmented } from "./segmented.tsx";

const THEMES = ["system", "light", "dark"] as const;
const THEME_ICONS = { system: "auto", light: "sun", dark: "moon" } as const;

export function Header() {
  const t = words.value;
  const noService = hasService.value ? undefined : t.noService;
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] as (typeof THEMES)[number];
  return (
    <header class="header">
      <span class="brand">
        <Logo />
        <span>cosal</span>
      </span>
      <Segmented
        name={t.place}
        chosen={place.value}
        values={[
          { value: "device", label: t.onDevice, icon: "device" },
          { value: "service", label: t.atService, icon: "cloud", disabled: noService },
        ]}
        onChoose={(value) => {
          place.value = value;
        }}
      />
      <nav class="links">
        {hasService.value && photographs.value.length === 0 && (
          <a class="link" href="/docs">
            {t.api}
          </a>
        )}
        <label class="language">
          <span class="unseen">{t.language}</span>
          <select
            value={language.value}
            onChange={({ currentTarget }) => {
              language.value = currentTarget.value as Language;
            }}
          >
            {Object.entries(LANGUAGES).map(([name, { name: label }]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="button icon-button"
          aria-label={`${t.theme}: ${t.themes[theme.value]}`}
          title={`${t.theme}: ${t.themes[theme.value]}`}
          onClick={() => {
            theme.value = next;
          }}
        >
          <Icon name={THEME_ICONS[theme.value]} />
        </button>
      </nav>
    </header>
  );
}
