import { isMap, Scalar, type Node } from 'yaml';
import { pairOf } from '../migrate/edits.ts';
import { isRawMap } from '../reader.ts';
import { firstFaithful, nodesOf, valueOf, withLineEndsOf } from './faithful.ts';

/**
 * The source with another `disabled` (rest-api.md §8): its value changes, or a line is added at the end; all else stays as it is.
 * Undefined when the text cannot be edited: it is no YAML map.
 */
export function setDisabled(source: string, disabled: boolean): string | undefined {
  const value = valueOf(source);
  if (!isRawMap(value)) return undefined;
  const document = nodesOf(source);
  const root = document.contents as Node | null;
  const range = pairOf(root, 'disabled')?.value?.range;
  const line = `disabled: ${disabled}`;
  const changed = (): string | undefined =>
    range === undefined || range === null
      ? undefined
      : source.slice(0, range[0]) + String(disabled) + source.slice(range[1]);
  const appended = (): string => `${source}${source.endsWith('\n') ? '' : '\n'}${line}\n`;
  const prepended = (): string | undefined => {
    const start = root?.range?.[0];
    if (start === undefined) return undefined;
    const indent = source.slice(source.lastIndexOf('\n', start - 1) + 1, start);
    return `${source.slice(0, start)}${line}\n${indent}${source.slice(start)}`;
  };
  const written = (): string | undefined => {
    if (!isMap(root)) return undefined;
    document.set('disabled', new Scalar(String(disabled)));
    return document.toString({ lineWidth: 0 });
  };
  const edited = firstFaithful({ ...value, disabled }, [changed, appended, prepended, written]);
  return edited === undefined ? undefined : withLineEndsOf(source, edited);
}
