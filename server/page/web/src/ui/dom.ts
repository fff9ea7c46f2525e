// MapJobs elements. Text always goes in as text, so nothing that a user logged is ever read as HTML.

type Child = Node | string | null;

interface Attributes {
  class?: string;
  /** Any other attribute, by its name. */
  [name: string]: string | undefined;
}

/** Makes an element with attributes and children. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) el.setAttribute(name, value);
  }
  for (const c of children) if (c !== null) el.append(c);
  return el;
}

/** Finds the one element that the page's HTML holds under this id. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const el = document.getElementById(id);
  if (!el) throw new Error(`the page has no #${id}`);
  return el as Element as T;
}

/** Sets an element's text, touching the page only when it differs. */
export function setText(el: Element, text: string): void {
  if (el.textContent !== text) el.textContent = text;
}

/** Hands the user a file. */
export function download(b: Blob, name: string): void {
  const a = h("a", { href: URL.createObjectURL(b), download: name });
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

const ICONS = {
  play: "M7.5 4.8v14.4c0 .8.9 1.3 1.6.8l11-7.2a1 1 0 0 0 0-1.6l-11-7.2c-.7-.5-1.6 0-1.6.8Z",
  pause:
    "M7 4.5h2.6c.5 0 .9.4.9.9v13.2c0 .5-.4.9-.9.9H7a.9.9 0 0 1-.9-.9V5.400c0-.5.4-.9.9-.9Zm7.4 0H17c.5 0 .9.4.9.9v13.2c0 .5-.4.9-.9.9h-2.600a.9.9 0 0 1-.9-.9V5.400c0-.5.4-.9.9-.9Z",
  plus: "M12 5.500v13M5.5 12h13",
  minus: "M5.5 12h13",
  fit: "M9 4.500H5.500a1 1 0 0 0-1 1V9M15 4.500h3.500a1 1 0 0 1 1 1V9M9 19.500H5.500a1 1 0 0 1-1-1V15M15 19.500h3.500a1 1 0 0 0 1-1V15",
  chevron: "m7 10 5 5 5-5",
  check: "m5.5 12.5 4.2 4.200L18.5 8",
  select: "M4.500 8V6.500a2 2 0 0 1 2-2H8M16 4.500h1.500a2 2 0 0 1 2 2V8M19.500 16v1.500a2 2 0 0 1-2 2H16M8 19.500H6.500a2 2 0 0 1-2-2V16M9 12h6M12 9v6",
  cross: "m7 7 10 10M17 7 7 17",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M5.6 18.400l1.1-1.100M17.3 6.700l1.1-1.1",
  moon: "M19.5 14.200A8 8 0 0 1 9.8 4.500a8 8 0 1 0 9.7 9.700Z",
  auto: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 4v16",
} as const;

export type IconName = keyof typeof ICONS;

/** Makes an icon, drawn in the colour of the text around it. */
export function icon(name: IconName): SVGSVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", name === "play" || name === "pause" ? "icon filled" : "icon");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
