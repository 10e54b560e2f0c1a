const MAX_CANDIDATES = 1000;

/** How many letters must be put in, left out, exchanged or swapped with their neighbour to make one text of the other. */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      current.push(Math.min(substitution, swapped, previous[j]! + 1, current[j - 1]! + 1));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** The known names that somebody who wrote `name` may have meant, nearest first. */
export function nearestNames(name: string, known: readonly string[], limit = 1): readonly string[] {
  const wanted = name.slice(0, 200).toLowerCase();
  const threshold = Math.min(8, Math.max(1, Math.floor(wanted.length / 3)));
  return known
    .slice(0, MAX_CANDIDATES)
    .filter((candidate) => Math.abs(candidate.length - wanted.length) <= threshold)
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= threshold)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

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
