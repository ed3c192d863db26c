/** Light or dark: as the system has it until a person chooses. */

import { signal } from "@preact/signals";

const THEME = "labwire.theme";
/** "light", "dark", or "" for whatever the system says. */
export const theme = signal(localStorage.getItem(THEME) ?? "");
const systemDark = matchMedia("(prefers-color-scheme: dark)");
export const isDark = signal(false);

function applyTheme() {
  isDark.value = theme.value ? theme.value === "dark" : systemDark.matches;
  document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
}

export function toggleTheme() {
  theme.value = isDark.value ? "light" : "dark";
  localStorage.setItem(THEME, theme.value);
  applyTheme();
}

systemDark.addEventListener("change", applyTheme);
applyTheme();
