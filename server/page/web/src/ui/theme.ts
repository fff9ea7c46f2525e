import { byId, icon } from "./dom";
import type { Theme } from "./palette";

type ViewState = "auto" | Theme;

const KEY = "zoetrope.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Wires the button that goes from the system's theme to light to dark; calls changed whenever colours change. */
export function wireTheme(changed: () => void): void {
  const button = byId<HTMLButtonElement>("theme");
  let choice = stored();
  const apply = () => {
    document.documentElement.dataset.theme = choice;
    button.replaceChildren(icon(choice === "auto" ? "auto" : choice === "dark" ? "moon" : "sun"));
    const name = choice === "auto" ? "as the system" : choice;
    button.setAttribute("aria-label", `Colours: ${name}`);
    button.title = `Colours: ${name}`;
    changed();
  };
  button.addEventListener("click", () => {
    choice = choice === "auto" ? (dark.matches ? "light" : "dark") : choice === "dark" ? "light" : "dark";
    if (choice === (dark.matches ? "dark" : "light")) choice = "auto";
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // no storage: the choice lasts as long as the page
    }
    apply();
  });
  dark.addEventListener("change", apply);
  apply();
}

/** The theme in force. */
export function theme(): Theme {
  const t = document.documentElement.dataset.theme;
  return t === "dark" || (t !== "light" && dark.matches) ? "dark" : "light";
}

function stored(): ViewState {
  try {
    const v = localStorage.getItem(KEY);
    if (v === "light" || v === "dark") return v;
  } catch {
    // no storage
  }
  return "auto";
}
