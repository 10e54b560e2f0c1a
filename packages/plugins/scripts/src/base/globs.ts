import picomatch from 'picomatch';
import { RE2JS } from 're2js';

export type PathTest = (path: string) => boolean;

/**
 * The test of a namespace-file pattern (execution-semantics.md §13.4): a glob on the path with its leading slash; one
 * that begins with a word character matches at any depth; the prefixes `glob:` and `regex:` are honoured.
 * Regular expressions run in linear time.
 */
export function namespacePattern(pattern: string): PathTest {
  if (pattern.startsWith('regex:')) {
    const regex = RE2JS.compile(pattern.slice('regex:'.length));
    return (path) => regex.matches(path);
  }
  const glob = pattern.startsWith('glob:') ? pattern.slice('glob:'.length) : pattern;
  const anywhere = /^\w/.test(glob) ? `**/${glob}` : glob;
  // Paths and patterns go without the leading slash, so that `**/` may stand for nothing.
  const matches = picomatch(anywhere.replace(/^\//, ''), { dot: true });
  return (path) => matches(path.replace(/^\//, ''));
}

/** Which namespace files a task wants: one of the includes (none: all), and none of the excludes. */
export function namespaceSelection(include: readonly string[] = [], exclude: readonly string[] = []): PathTest {
  const wanted = include.map(namespacePattern);
  const unwanted = exclude.map(namespacePattern);
  return (path) =>
    (wanted.length === 0 || wanted.some((matches) => matches(path))) && !unwanted.some((matches) => matches(path));
}

/** The test of globs on paths relative to the working directory; absolute ones inside it are taken as such. */
export function outputSelection(globs: readonly string[], workingDir: string): PathTest {
  const relative = globs.map((glob) => {
    const inside = glob.startsWith(`${workingDir}/`) ? glob.slice(workingDir.length + 1) : glob;
    return inside.replace(/^(?:\.\/)+/, '');
  });
  return relative.length === 0 ? () => false : picomatch(relative, { dot: true });
}
