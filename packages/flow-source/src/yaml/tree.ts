import {
  CHOMPING_MODE,
  EVENT_ID,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type Event,
  type ScalarEvent,
} from 'js-yaml';

/** A node of a YAML document with its place: offsets into the source, in UTF-16 units. */
export type YamlNode = YamlScalar | YamlList | YamlMap | YamlAlias;

interface Placed {
  /** Where its text begins: the quote, the bracket, the `|`, the first key; tags and anchors stand before it. */
  readonly start: number;
  /** As written, with its exclamation marks. */
  readonly tag: string | undefined;
  readonly anchor: string | undefined;
}

export interface YamlScalar extends Placed {
  readonly kind: 'scalar';
  /** Escapes, folds and indentation undone. */
  readonly text: string;
  /** Neither quoted nor a block. */
  readonly plain: boolean;
  readonly event: ScalarEvent;
}

export interface YamlList extends Placed {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlMap extends Placed {
  readonly kind: 'map';
  /** In the order of the text; keys may repeat. */
  readonly pairs: readonly YamlPair[];
}

export interface YamlPair {
  readonly key: YamlNode;
  readonly value: YamlNode;
}

export interface YamlAlias {
  readonly kind: 'alias';
  readonly start: number;
  /** Name of the anchor. */
  readonly anchor: string;
}

/**
 * Reads the documents of a source as trees, without giving meaning to tags and plain scalars. Raises `YAMLException` for what is no
 * YAML, and for maps and lists nested deeper than `maxDepth`.
 */
export function readTrees(source: string, maxDepth: number): readonly YamlNode[] {
  return new TreeBuilder(source, parseEvents(source, { maxDepth })).documents();
}

/** Puts the parser's flat stream of events together. */
class TreeBuilder {
  private readonly source: string;
  private readonly events: readonly Event[];
  private next = 0;
  /** Where the last text ended: an empty scalar has no place of its own. */
  private end = 0;

  constructor(source: string, events: readonly Event[]) {
    this.source = source;
    this.events = events;
  }

  documents(): readonly YamlNode[] {
    const found: YamlNode[] = [];
    while (this.next < this.events.length) {
      this.next += 1;
      found.push(this.node());
      this.next += 1;
    }
    return found;
  }

  private node(): YamlNode {
    const event = this.events[this.next]!;
    this.next += 1;
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.scalar(event);
      case EVENT_ID.ALIAS: {
        this.end = event.anchorEnd;
        return {
          kind: 'alias',
          start: event.anchorStart - 1,
          anchor: this.source.slice(event.anchorStart, event.anchorEnd),
        };
      }
      case EVENT_ID.SEQUENCE: {
        const items: YamlNode[] = [];
        while (!this.closed()) items.push(this.node());
        return { kind: 'list', start: event.start, ...this.properties(event), items };
      }
      case EVENT_ID.MAPPING: {
        const pairs: YamlPair[] = [];
        while (!this.closed()) pairs.push({ key: this.node(), value: this.node() });
        return { kind: 'map', start: event.start, ...this.properties(event), pairs };
      }
      default:
        throw new Error(`a YAML event of type ${event.type} cannot stand for a node`);
    }
  }

  /** Steps over the end of a list or map, if this is one. */
  private closed(): boolean {
    if (this.events[this.next]!.type !== EVENT_ID.POP) return false;
    this.next += 1;
    return true;
  }

  private scalar(event: ScalarEvent): YamlScalar {
    const { style, valueEnd } = event;
    const isBlock = style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
    const start = this.startOf(event, isBlock);
    this.end = Math.max(this.end, event.tagEnd, event.anchorEnd, valueEnd);
    return {
      kind: 'scalar',
      start,
      ...this.properties(event),
      text: getScalarValue(this.source, event),
      plain: style === SCALAR_STYLE.PLAIN,
      event,
    };
  }

  private startOf({ style, valueStart, tagEnd, anchorEnd }: ScalarEvent, isBlock: boolean): number {
    const before = Math.max(this.end, tagEnd, anchorEnd);
    if (valueStart < 0) return before;
    if (style === SCALAR_STYLE.PLAIN) return valueStart;
    return isBlock ? this.blockStart(before, valueStart) : valueStart - 1;
  }

  /** The `|` or `>` of a block: on the line before its text, which may have comments with such characters. */
  private blockStart(before: number, valueStart: number): number {
    const line = this.source.lastIndexOf('\n', valueStart - 2) + 1;
    for (let at = Math.max(before, line); at < valueStart; at++) {
      const character = this.source[at];
      if (character === '|' || character === '>') return at;
    }
    return valueStart;
  }

  private properties({ tagStart, tagEnd, anchorStart, anchorEnd }: Properties): Omit<Placed, 'start'> {
    return {
      tag: tagStart < 0 ? undefined : this.source.slice(tagStart, tagEnd),
      anchor: anchorStart < 0 ? undefined : this.source.slice(anchorStart, anchorEnd),
    };
  }
}

/**
 * Where a character of a scalar's text stands in the source; `index` from 0. Escapes, folds and indentation make texts shorter than what
 * is written: it is looked for how much must be read until the text is that long.
 */
export function offsetInside(source: string, { event }: YamlScalar, index: number): number {
  if (event.valueStart < 0 || event.fast) return event.valueStart + index;
  const lengthUntil = (end: number): number =>
    getScalarValue(source, { ...event, valueEnd: end, chomping: CHOMPING_MODE.STRIP }).length;
  let [low, high] = [event.valueStart, event.valueEnd];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lengthUntil(middle) > index) high = middle;
    else low = middle + 1;
  }
  return Math.max(event.valueStart, low - 1);
}

type Properties = Pick<ScalarEvent, 'tagStart' | 'tagEnd' | 'anchorStart' | 'anchorEnd'>;
