const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ENTITIES[c] ?? c);

type XmlValue = string | number | boolean | undefined | XmlNode | readonly XmlNode[];
interface XmlNode {
  readonly [name: string]: XmlValue;
}

/** An XML document. Lists become repeated elements, undefined ones are left out. */
export const xml = (node: XmlNode): string => `<?xml version="1.0" encoding="UTF-8"?>\n${elements(node)}`;

function elements(node: XmlNode): string {
  const one = (name: string, value: XmlValue): string =>
    `<${name}>${typeof value === 'object' ? elements(value as XmlNode) : escape(String(value))}</${name}>`;
  return Object.entries(node)
    .flatMap(([name, value]) => {
      if (value === undefined) return [];
      return Array.isArray(value) ? value.map((item: XmlNode) => one(name, item)) : [one(name, value)];
    })
    .join('');
}

const unescape = (text: string): string =>
  text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));/g, (_all, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name ?? ''] ?? '';
  });

/** The texts of all elements of a name; enough for the few bodies that S3 takes. */
export const textsOf = (document: string, name: string): string[] =>
  [...document.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => unescape(text));
