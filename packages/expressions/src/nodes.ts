import type { Value } from './values.ts';

/** Arguments of a filter, function, test, macro or host method. */
export interface Args {
  readonly positional: readonly Expr[];
  readonly named: readonly (readonly [string, Expr])[];
}

interface Base {
  readonly position: number;
  /** Height of the tree below, bounded so that evaluation never exhausts the stack. */
  readonly height: number;
}

export type Expr = Base &
  (
    | { readonly kind: 'literal'; readonly value: Value }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'attribute'; readonly base: Expr; readonly name: string; readonly args?: Args }
    | { readonly kind: 'subscript'; readonly base: Expr; readonly index: Expr }
    | { readonly kind: 'call'; readonly name: string; readonly args: Args }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expr }
    | { readonly kind: 'binary'; readonly operator: string; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'filter'; readonly input: Expr; readonly name: string; readonly args: Args }
    | {
        readonly kind: 'test';
        readonly input: Expr;
        readonly name: string;
        readonly negated: boolean;
        readonly args: Args;
      }
    | { readonly kind: 'ternary'; readonly condition: Expr; readonly yes: Expr; readonly no: Expr }
    | { readonly kind: 'list'; readonly items: readonly Expr[] }
    | { readonly kind: 'map'; readonly entries: readonly (readonly [Expr, Expr])[] }
    | { readonly kind: 'interpolation'; readonly parts: readonly Expr[] }
  );

/** An Expr without the height, which the parser fills in. */
export type ExprOf<K extends Expr['kind']> = Extract<Expr, { kind: K }>;

export interface Branch {
  readonly condition: Expr;
  readonly body: readonly Statement[];
}

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly value: Expr; readonly position: number }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Statement[] }
  | {
      readonly kind: 'for';
      readonly name: string;
      readonly items: Expr;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
      readonly position: number;
    }
  | { readonly kind: 'set'; readonly name: string; readonly value: Expr; readonly position: number }
  | { readonly kind: 'macro'; readonly macro: Macro }
  | {
      readonly kind: 'filter';
      readonly filters: readonly { readonly name: string; readonly args: Args; readonly position: number }[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'block'; readonly name: string; readonly body: readonly Statement[] };

export interface Macro {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly fallback: Expr | undefined }[];
  readonly body: readonly Statement[];
  readonly position: number;
}

/** A parsed template. Macros and blocks are known before evaluation, wherever they stand. */
export interface Template {
  /** Number of tokens: what parsing cost. */
  readonly size: number;
  readonly source: string;
  readonly body: readonly Statement[];
  readonly macros: ReadonlyMap<string, Macro>;
  readonly blocks: ReadonlyMap<string, readonly Statement[]>;
}
