/**
 * The form in which flow, task and trigger ids stand in storage paths (execution-semantics.md §13.1): blanks become `-`,
 * accents are decomposed and everything but word characters and `-` is dropped, `_` becomes `-`, runs of `-` collapse,
 * one leading and one trailing `-` go, lower case. Two ids may give the same text (`my_task` and `my-task`).
 */
export function slugify(text: string): string {
  return text
    .replace(/\s+/g, '-')
    .normalize('NFD')
    .replace(/[^\w-]/g, '')
    .replaceAll('_', '-')
    .replace(/-{2,}/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
}
