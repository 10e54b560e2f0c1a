import { pathText, type Path } from '../problem.ts';
import { isRawMap, kindOf, type RawMap, type Reader } from '../reader.ts';
import { checkSchema } from '../schema.ts';
import { reportAlias, reportDeprecated, reportUnknownFields, reportUnknownType, typeNames } from '../unknown-names.ts';

const PACKAGES = ['io.kestra.plugin.core.condition.', 'io.kestra.core.models.conditions.types.'];
/** Words that end in `Condition` still. */
const WITH_SUFFIX: ReadonlySet<string> = new Set(['FlowCondition', 'FlowNamespaceCondition', 'MultipleCondition']);

/** Conditions that can be judged today; the rest looks at dates, states or several executions. */
export const JUDGED = ['Expression', 'Not', 'Or', 'ExecutionFlow', 'ExecutionNamespace', 'ExecutionLabels'] as const;
export type JudgedCondition = (typeof JUDGED)[number];

/** The last word of the present name of a core condition, whichever of its names is given; undefined for others. */
export function conditionWord(type: string): string | undefined {
  const prefix = PACKAGES.find((one) => type.startsWith(one));
  if (prefix === undefined) return undefined;
  const word = type.slice(prefix.length);
  if (word === 'VariableCondition' || word === 'Variable') return 'Expression';
  return WITH_SUFFIX.has(word) || !word.endsWith('Condition') ? word : word.slice(0, -'Condition'.length);
}

/** The condition that a type (or an older name of it) stands for; undefined for one that this version cannot judge. */
export function conditionName(type: string): JudgedCondition | undefined {
  const word = conditionWord(type);
  return JUDGED.find((name) => name === word);
}

/** Checks the conditions of a trigger or listener, nested ones too; `judged`: whether they are judged, so that those which cannot be are told. */
export function checkConditions(reader: Reader, value: unknown, at: Path, judged: boolean): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    reader.constraint(at, `expected a list, but got ${kindOf(value)}`);
    return;
  }
  value.forEach((raw: unknown, index) => checkCondition(reader, raw, [...at, index], judged));
}

function checkCondition(reader: Reader, raw: unknown, at: Path, judged: boolean): void {
  if (!isRawMap(raw) || typeof raw['type'] !== 'string') {
    reader.constraint(
      isRawMap(raw) ? [...at, 'type'] : at,
      isRawMap(raw) ? 'must not be null' : `expected a condition, but got ${kindOf(raw)}`,
    );
    return;
  }
  for (const key of Object.keys(raw)) if (raw[key] === null) delete raw[key];
  const { type } = raw;
  const definition = reader.registry.get(type);
  if (definition?.kind !== 'condition') {
    reportUnknownType(reader, at, type, typeNames(reader, ['condition']));
    return;
  }
  reportAlias(reader, at, type);
  reportDeprecated(reader, definition, raw, at);
  const { type: _, ...own } = raw;
  reportUnknownFields(reader, at, own, Object.keys(definition.properties.shape));
  checkSchema(reader, definition.properties, own, at);
  Object.assign(raw, own);
  if (judged && conditionName(type) === undefined) {
    reader.warn(
      () => `${pathText([...at, 'type'])}: ${type} cannot be judged by this version yet, and counts as not fulfilled`,
    );
  }
  checkNested(reader, raw, at, judged);
}

/** Conditions inside: a list (`Not`, `Or`), or a map of them (`MultipleCondition`). */
function checkNested(reader: Reader, raw: RawMap, at: Path, judged: boolean): void {
  const { conditions } = raw;
  if (Array.isArray(conditions)) return checkConditions(reader, conditions, [...at, 'conditions'], judged);
  if (!isRawMap(conditions)) return;
  for (const [key, condition] of Object.entries(conditions))
    checkCondition(reader, condition, [...at, 'conditions', key], judged);
}
