import type { Json } from './execution.ts';

/** Types of inputs and flow outputs (execution-semantics.md §10.2, §10.4). */
export const INPUT_TYPES = [
  'STRING',
  'ENUM',
  'SELECT',
  'INT',
  'FLOAT',
  'BOOLEAN',
  'DATETIME',
  'DATE',
  'TIME',
  'DURATION',
  'FILE',
  'JSON',
  'URI',
  'SECRET',
  'ARRAY',
  'MULTISELECT',
  'YAML',
  'EMAIL',
] as const;
export type InputType = (typeof INPUT_TYPES)[number];

/** What the elements of an ARRAY or MULTISELECT can be (execution-semantics.md §10.2). */
export type ItemType = Exclude<InputType, 'ARRAY'>;

/** When an input is asked for: every input listed is enabled, and the condition renders to true (execution-semantics.md §10.2). */
export interface DependsOn {
  readonly inputs?: readonly string[];
  readonly condition?: string;
}

interface Common {
  readonly id: string;
  readonly description?: string;
  readonly displayName?: string;
  /** Absent: true. */
  readonly required?: boolean;
  readonly defaults?: Json;
  /** What a form shows at first; never a value by itself. */
  readonly prefill?: Json;
  readonly dependsOn?: DependsOn;
}

/** Bounds of a moment, as the type's own text; both are allowed values. */
interface Between {
  readonly after?: string;
  readonly before?: string;
}

/** Where the values to choose from come from; the expression renders to a list. */
interface Choice {
  readonly values?: readonly string[];
  readonly expression?: string;
  readonly allowCustomValue?: boolean;
  /** Without a value and a default, the first of the values is taken. */
  readonly autoSelectFirst?: boolean;
}

type Of<Type extends InputType, Own = unknown> = Common & { readonly type: Type } & Own;

export type StringInput = Of<'STRING' | 'SECRET', { readonly validator?: string }>;
export type EnumInput = Of<'ENUM', { readonly values: readonly string[] }>;
export type SelectInput = Of<'SELECT', Choice & { readonly isRadio?: boolean }>;
/** `options` is an older name of `values`. */
export type MultiselectInput = Of<
  'MULTISELECT',
  Choice & { readonly options?: readonly string[]; readonly itemType?: ItemType }
>;
export type NumberInput = Of<'INT' | 'FLOAT', { readonly min?: number; readonly max?: number }>;
export type MomentInput = Of<'DATETIME' | 'DATE' | 'TIME', Between>;
/** Bounds as ISO text. */
export type DurationInput = Of<'DURATION', { readonly min?: string; readonly max?: string }>;
export type FileInput = Of<
  'FILE',
  {
    /** Of the stored file. */
    readonly extension?: string;
    /** Extensions that an upload may have, in small letters, each with its dot. */
    readonly allowedFileExtensions?: readonly string[];
  }
>;
export type ArrayInput = Of<'ARRAY', { readonly itemType: ItemType }>;
export type PlainInput = Of<'BOOLEAN' | 'JSON' | 'YAML' | 'URI' | 'EMAIL'>;

/** An input of a flow, with the properties of its type (execution-semantics.md §10.2). */
export type FlowInput =
  | StringInput
  | EnumInput
  | SelectInput
  | MultiselectInput
  | NumberInput
  | MomentInput
  | DurationInput
  | FileInput
  | ArrayInput
  | PlainInput;

/** A value that an execution gives at its end (execution-semantics.md §10.4). */
export interface FlowOutput {
  readonly id: string;
  readonly type: InputType;
  readonly value: Json;
  readonly description?: string;
  readonly displayName?: string;
  /** False: nothing is a value, too. Absent: true. */
  readonly required?: boolean;
}

/** Inputs whose value is stored encrypted, at least in part. */
export const holdsSecret = (input: FlowInput): boolean =>
  input.type === 'SECRET' || ('itemType' in input && input.itemType === 'SECRET');

const TEMPLATE = /\{[{%]/;

/** Whether a default is an expression, or holds one: then it is rendered each time. */
export function isDynamic(value: Json | undefined): boolean {
  if (typeof value === 'string') return TEMPLATE.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((item: Json) => isDynamic(item));
}
