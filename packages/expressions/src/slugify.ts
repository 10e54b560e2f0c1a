/**
 * The text as a part of an address: white space and underscores become dashes, accents are decomposed, everything else
 * that is no letter, digit or dash goes (expressions.md §9.1).
 */
export function slugify(text: string): string {
  return text
    .replace(/[ \t\n\v\f\r]/g, '-')
    .normalize('NFD')
    .replace(/[^\w-]/g, '')
    .replaceAll('_', '-')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
}
