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

function firstOf(known: Iterable<string>): readonly string[] {
  const first: string[] = [];
  for (const name of known) {
    if (first.length === MAX_CANDIDATES) break;
    first.push(name);
  }
  return first;
}

/** How many slips of the pen a name of that length may have: with more of them it mostly is another word (`randomPort`, `randomInt`). */
function mistakesIn(length: number): number {
  if (length < 6) return 1;
  return length <= 12 ? 2 : 3;
}

/** The known names that somebody who wrote `name` may have meant, nearest first. Of many known names the first thousand are looked at. */
export function nearestNames(name: string, known: Iterable<string>, limit = 1): readonly string[] {
  const wanted = name.slice(0, 200).toLowerCase();
  const threshold = mistakesIn(wanted.length);
  return firstOf(known)
    .filter((candidate) => candidate !== name && Math.abs(candidate.length - wanted.length) <= threshold)
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= threshold)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}
