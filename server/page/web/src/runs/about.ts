// What people say about a run: its tags and its notes.

import type { Run } from "../data/api";
import { h, setText } from "../ui/dom";
import { count } from "../ui/format";

/** Characters of notes that are in the page while they are folded: more than fits. */
const FOLDED = 1000;

/** A run's tags. Where choose is given, they are buttons that call it, and asked says which of them are in force. */
export function tagsOf(r: Run, limit: number, choose: ((tag: string) => void) | null, asked: (tag: string) => boolean = () => false): HTMLElement | null {
  if (r.tags.length === 0) return null;
  const chips = r.tags.slice(0, limit).map((tag) => {
    if (!choose) return h("span", { class: "tag", title: tag }, tag);
    const chip = h("button", { type: "button", class: "tag", title: `Runs with the tag ${tag}`, "aria-pressed": String(asked(tag)) }, tag);
    chip.addEventListener("click", () => choose(tag));
    return chip;
  });
  const rest = r.tags.slice(limit);
  return h(
    "div",
    { class: "tags", role: "group", "aria-label": "Tags" },
    ...chips,
    rest.length > 0 ? h("span", { title: rest.join(", ") }, `and ${count(rest.length)} more`) : null,
  );
}

/** Only those who see the page know whether notes have room in their few lines. */
const room = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const more = target.nextElementSibling as HTMLElement;
    if (more.getAttribute("aria-expanded") === "false") more.hidden = target.scrollHeight <= target.clientHeight + 1;
  }
});

/** A run's notes, folded where they are long; open holds the runs whose notes are not. The button gets the id. */
export function notesOf(r: Run, open: Set<string>, id: string): HTMLElement | null {
  const notes = r.notes.trim();
  if (notes === "") return null;
  const text = h("p", { class: "notes" });
  const more = h("button", { type: "button", class: "link", id });
  const show = () => {
    const all = open.has(r.id);
    setText(text, all ? notes : notes.slice(0, FOLDED).replace(/\n\s*\n/g, "\n")); // a few lines, none of them empty
    text.classList.toggle("folded", !all);
    more.setAttribute("aria-expanded", String(all));
    setText(more, all ? "Less" : "More");
    more.setAttribute("aria-label", all ? "Less of the notes" : "All of the notes");
  };
  more.hidden = !open.has(r.id);
  more.addEventListener("click", () => {
    if (!open.delete(r.id)) open.add(r.id);
    show();
  });
  show();
  room.observe(text);
  return h("div", { class: "said" }, text, more);
}
