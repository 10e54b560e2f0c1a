import { isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, type Scalar } from 'yaml';
import type { Path } from '../problem.ts';
import { pathText } from '../problem.ts';

/** Something that was, or could not be, rewritten. Line and column from 1, in the source as it was given. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export type PairOf = Pair<Node, Node | null>;

export const pairsOf = (node: Node | null | undefined): readonly PairOf[] =>
  isMap(node) ? (node.items as unknown as PairOf[]) : [];

/** The entry of a map with a plain key. */
export const pairOf = (node: Node | null | undefined, name: string): PairOf | undefined =>
  pairsOf(node).find(({ key }) => isScalar(key) && key.value === name);

export const itemsOf = (node: Node | null | undefined): readonly Node[] => (isSeq(node) ? (node.items as Node[]) : []);

/** The text that a scalar stands for. */
export const textOf = (node: Node | null | undefined): string | undefined =>
  isScalar(node) && typeof node.value === 'string' ? node.value : undefined;

/** Changes of a source at some of its places; the rest of it, comments included, stays as it is. */
export class Edits {
  readonly changes: Finding[] = [];
  readonly remaining: Finding[] = [];
  private readonly edits: Edit[] = [];
  private readonly lines: LineCounter;

  constructor(lines: LineCounter) {
    this.lines = lines;
  }

  /** Writes another text in place of a scalar, in the quotes that it has. */
  replaceScalar(node: Node, text: string, path: Path, message: string): void {
    const quote = (node as Scalar).type === 'QUOTE_DOUBLE' ? '"' : (node as Scalar).type === 'QUOTE_SINGLE' ? "'" : '';
    this.replace(node, node, `${quote}${text}${quote}`, path, message);
  }

  /** Writes another text in place of everything from the first node to the end of the last one. */
  replace(from: Node, to: Node, text: string, path: Path, message: string): void {
    const [start, end] = [from.range?.[0], to.range?.[1]];
    if (start === undefined || end === undefined) return;
    this.edits.push({ start, end, text });
    this.changes.push(this.finding(from, path, message));
  }

  /** Says what somebody has to decide. */
  leave(node: Node, path: Path, message: string): void {
    this.remaining.push(this.finding(node, path, message));
  }

  private finding(node: Node, path: Path, message: string): Finding {
    const { line, col } = this.lines.linePos(node.range?.[0] ?? 0);
    return { path: pathText(path), line, column: col, message };
  }

  apply(source: string): string {
    let text = '';
    let at = 0;
    for (const edit of this.edits.toSorted((a, b) => a.start - b.start)) {
      // An anchor makes one node stand at several places; it is written once.
      if (edit.start < at) continue;
      text += source.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return text + source.slice(at);
  }
}

/** Renames a property of a map, unless the new name is taken. */
export function rename(edits: Edits, map: Node, at: Path, from: string, to: string): void {
  const pair = pairOf(map, from);
  if (pair === undefined) return;
  const path = [...at, from];
  if (pairOf(map, to) === undefined) edits.replaceScalar(pair.key, to, path, `\`${from}\` is called \`${to}\` now`);
  else edits.leave(pair.key, path, `\`${from}\` is an older name of \`${to}\`, which is there, too: join them`);
}
