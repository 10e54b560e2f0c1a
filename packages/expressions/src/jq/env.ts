import { Failure } from '../errors.ts';
import type { Value } from '../values.ts';
import type { Definition, Node } from './nodes.ts';
import type { Path } from './paths.ts';

/** A result: the value, and its path where paths are asked for and the value has one. */
export interface Item {
  readonly value: Value;
  readonly path: Path | undefined;
}

/** Variables, functions and labels that are visible, innermost first. */
export type Env =
  | { readonly kind: 'variable'; readonly name: string; readonly value: Value; readonly parent: Env | undefined }
  | {
      readonly kind: 'function';
      readonly definition: Definition;
      readonly parent: Env | undefined;
    }
  | {
      readonly kind: 'closure';
      readonly name: string;
      readonly body: Node;
      readonly env: Env | undefined;
      readonly parent: Env | undefined;
    }
  | { readonly kind: 'label'; readonly name: string; readonly mark: object; readonly parent: Env | undefined };

/** Leaves the label with this mark; never reaches the outside, because only labels in sight can be named. */
export class Break extends Failure {
  readonly mark: object;
  constructor(mark: object) {
    super('break');
    this.mark = mark;
  }
}
