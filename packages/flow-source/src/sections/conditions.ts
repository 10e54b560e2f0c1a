import { z } from 'zod';
import type { Path } from '../problem.ts';
import { isRawMap, kindOf, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportUnknownFields, reportUnknownType, reportUnsupported } from '../unknown-names.ts';

const PACKAGE = 'io.kestra.plugin.core.condition.';
const OLD_PACKAGE = 'io.kestra.core.models.conditions.types.';

/** Conditions that can be judged today (execution-semantics.md §12), with their own properties. */
export const CONDITION_SCHEMAS = {
  Expression: z.object({ expression: z.string() }),
  Not: z.object({ conditions: z.array(z.unknown()).min(1) }),
  Or: z.object({ conditions: z.array(z.unknown()).min(1) }),
  ExecutionFlow: z.object({ namespace: z.string(), flowId: z.string() }),
  ExecutionNamespace: z.object({
    namespace: z.string(),
    comparison: z.enum(['EQUALS', 'PREFIX', 'SUFFIX']).optional(),
    prefix: z.boolean().optional(),
  }),
  ExecutionLabels: z.object({ labels: z.unknown() }),
} as const;

export type ConditionName = keyof typeof CONDITION_SCHEMAS;

/** The rest of the language's conditions: they look at dates, states or several executions. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'DateTimeBetween',
  'TimeBetween',
  'DayWeek',
  'DayWeekInMonth',
  'Weekend',
  'PublicHoliday',
  'ExecutionOutputs',
  'ExecutionStatus',
  'HasRetryAttempt',
  'MultipleCondition',
  'FlowCondition',
  'FlowNamespaceCondition',
]);

/** Older last words of a type: with the suffix `Condition`, and one that was renamed. */
function currentName(word: string): string {
  if (word === 'VariableCondition' || word === 'Variable') return 'Expression';
  const bare = word.endsWith('Condition') ? word.slice(0, -'Condition'.length) : word;
  return Object.hasOwn(CONDITION_SCHEMAS, bare) || UNSUPPORTED.has(bare) ? bare : word;
}

/** The condition that a type (or an older name of it) stands for; undefined for one that this version cannot judge. */
export function conditionName(type: string): ConditionName | undefined {
  const word = lastWord(type);
  const name = word === undefined ? undefined : currentName(word);
  return name !== undefined && Object.hasOwn(CONDITION_SCHEMAS, name) ? (name as ConditionName) : undefined;
}

function lastWord(type: string): string | undefined {
  for (const prefix of [PACKAGE, OLD_PACKAGE]) if (type.startsWith(prefix)) return type.slice(prefix.length);
  return undefined;
}

const known = (): readonly string[] => Object.keys(CONDITION_SCHEMAS).map((name) => PACKAGE + name);

/** Checks the conditions of a trigger, nested ones too. */
export function checkConditions(reader: Reader, value: unknown, at: Path): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    reader.constraint(at, `expected a list, but got ${kindOf(value)}`);
    return;
  }
  value.forEach((raw: unknown, index) => checkCondition(reader, raw, [...at, index]));
}

function checkCondition(reader: Reader, raw: unknown, at: Path): void {
  if (!isRawMap(raw) || typeof raw['type'] !== 'string') {
    reader.constraint(
      isRawMap(raw) ? [...at, 'type'] : at,
      isRawMap(raw) ? 'must not be null' : `expected a condition, but got ${kindOf(raw)}`,
    );
    return;
  }
  const { type } = raw;
  const name = conditionName(type);
  if (name === undefined) {
    const word = lastWord(type);
    if (word !== undefined && UNSUPPORTED.has(currentName(word)))
      reportUnsupported(reader, [...at, 'type'], `the condition ${type}`, 'value');
    else reportUnknownType(reader, at, type, known());
    return;
  }
  if (type !== PACKAGE + name) {
    const info = `${type} is replaced by ${PACKAGE}${name}`;
    if (!reader.infos.includes(info)) reader.infos.push(info);
  }
  const schema: z.ZodObject = CONDITION_SCHEMAS[name];
  const { type: _, ...own } = raw;
  reportUnknownFields(reader, at, own, Object.keys(schema.shape));
  checkSchema(reader, schema, own, at);
  Object.assign(raw, own);
  if (name === 'Not' || name === 'Or') checkConditions(reader, raw['conditions'], [...at, 'conditions']);
}
