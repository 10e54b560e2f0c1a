import { nearestNames } from '@tiercel/model';

const lastPart = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

/** The known types nearest to a misspelt one: the same last word anywhere (`core.log.Log`), else one of similar spelling. */
export function nearestTypes(type: string, known: readonly string[], limit = 3): readonly string[] {
  const word = lastPart(type).toLowerCase();
  const sameWord = known.filter((candidate) => lastPart(candidate).toLowerCase() === word);
  if (sameWord.length > 0) return sameWord.slice(0, limit);
  const words = [...new Set(known.map(lastPart))];
  const [nearWord] = nearestNames(lastPart(type), words);
  // Without a word that is near, names that merely share their beginning would only mislead.
  return nearWord === undefined ? [] : known.filter((candidate) => lastPart(candidate) === nearWord).slice(0, limit);
}
