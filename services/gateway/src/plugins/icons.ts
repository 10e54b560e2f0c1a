import type { PluginDefinition } from '@tiercel/plugin-kit';

/** Pictures of 24 by 24, drawn for this project: strokes in the colour of the text around them. */
const svg = (strokes: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${strokes}</svg>`;

/** By a word of the group's name, the last one that has a picture. */
const PICTURES: Readonly<Record<string, string>> = {
  condition: svg('<path d="M12 3l9 9-9 9-9-9z"/><path d="M9 12l2 2 4-4"/>'),
  core: svg('<circle cx="12" cy="12" r="9"/><circle cx="12" cy="12" r="3"/>'),
  debug: svg('<circle cx="10" cy="10" r="6"/><path d="M15 15l6 6"/>'),
  execution: svg('<circle cx="12" cy="12" r="9"/><path d="M10 8l6 4-6 4z"/>'),
  flow: svg('<path d="M4 6h6M4 18h6M10 6c5 0 3 6 8 6M10 18c5 0 3-6 8-6"/>'),
  http: svg('<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c5 6 5 12 0 18M12 3c-5 6-5 12 0 18"/>'),
  kv: svg('<circle cx="7" cy="12" r="4"/><path d="M11 12h10M17 12v4M21 12v3"/>'),
  log: svg('<path d="M4 5h16M4 10h12M4 15h16M4 20h8"/>'),
  output: svg('<path d="M14 4h6v16h-6M3 12h12M11 8l4 4-4 4"/>'),
  runner: svg('<rect x="5" y="5" width="14" height="14" rx="2"/><path d="M9 2v3M15 2v3M9 19v3M15 19v3"/>'),
  scripts: svg('<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M7 9l3 3-3 3M13 15h4"/>'),
  storage: svg('<ellipse cx="12" cy="6" rx="8" ry="3"/><path d="M4 6v12c0 4 16 4 16 0V6M4 12c0 4 16 4 16 0"/>'),
  trigger: svg('<path d="M13 3L5 14h6l-1 7 8-11h-6z"/>'),
};
const OTHER = svg('<rect x="4" y="4" width="16" height="16" rx="3"/><path d="M12 8v8M8 12h8"/>');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The picture of a group of types, Base64. */
export function groupIcon(group: string): string {
  const word = group.split('.').findLast((part) => Object.hasOwn(PICTURES, part));
  return base64(word === undefined ? OTHER : PICTURES[word]!);
}

/** The picture of a type, Base64: its own, or that of its group. */
export const typeIcon = ({ icon, type }: PluginDefinition): string =>
  icon === undefined ? groupIcon(type.slice(0, type.lastIndexOf('.'))) : base64(icon);
