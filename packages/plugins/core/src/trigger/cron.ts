import { Cron } from 'croner';

const NICKNAMES = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

/** What the reference does not know, although the library does (execution-semantics.md §11.3). */
const FOREIGN = /[LW#?]/;
const NAMES = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b/gi;

/**
 * What is wrong with a cron expression of five fields (six with seconds, those first) or a name such as `@daily`; undefined
 * when it can be used (execution-semantics.md §11.3).
 */
export function cronProblem(text: string, withSeconds: boolean): string | undefined {
  const cron = text.trim();
  if (cron.startsWith('@')) {
    return NICKNAMES.has(cron.toLowerCase()) ? undefined : `the known names are ${[...NICKNAMES].join(', ')}`;
  }
  const fields = cron.split(/\s+/);
  const wanted = withSeconds ? 6 : 5;
  if (fields.length !== wanted) {
    const hint = !withSeconds && fields.length === 6 ? '; six need `withSeconds: true`' : '';
    return `it has ${fields.length} fields instead of ${wanted}${hint}`;
  }
  const foreign = FOREIGN.exec(cron.replaceAll(NAMES, '').toUpperCase());
  if (foreign !== null) return `"${foreign[0]}" is not supported`;
  for (const field of fields) {
    const wrapped = /(?:^|,)(\d+)-(\d+)/.exec(field);
    if (wrapped !== null && Number(wrapped[1]) > Number(wrapped[2])) return `the range ${wrapped[0]} runs backwards`;
  }
  try {
    new Cron(cron, { paused: true, mode: withSeconds ? '6-part' : '5-part' }).stop();
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Cron(?:Pattern|Date)?:\s*/i, '');
  }
}
