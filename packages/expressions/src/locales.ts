import { GenerationCache } from './cache.ts';
import { fail } from './errors.ts';

const tags = new GenerationCache<string>(100, 100);

/** The language tag of a locale written as `fr`, `fr_FR` or `fr-FR`; an unusable one fails. */
export function localeTag(locale: string): string {
  const known = tags.get(locale);
  if (known !== undefined) return known;
  let tag: string | undefined;
  try {
    [tag] = Intl.getCanonicalLocales(locale.replaceAll('_', '-'));
  } catch {
    // The host's message names its own method; ours names the locale.
    return fail(`\`${locale}\` is no locale`);
  }
  const result = tag ?? 'en-US';
  tags.set(locale, result, 1);
  return result;
}
