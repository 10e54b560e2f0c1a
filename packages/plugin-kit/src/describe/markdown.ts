import type { JsonSchema } from './json-schema.ts';
import type { ObjectSchema, PluginSchema } from './plugin-schema.ts';

/** What a page is made of. */
export interface Described {
  /** As it is written in a flow. */
  readonly type: string;
  readonly aliases?: readonly string[];
  readonly schema: PluginSchema;
}

/** The last word of a type: `Log` of `io.kestra.plugin.core.log.Log`. */
export const simpleName = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

/** The page of a type, in Markdown. */
export function markdownOf({ type, aliases = [], schema }: Described): string {
  const { properties, outputs } = schema;
  const { title, description, $deprecated, $examples = [], $metrics = [] } = properties;
  const parts = [
    `# ${simpleName(type)}`,
    `\`\`\`yaml\ntype: ${type}\n\`\`\``,
    $deprecated === true ? 'Deprecated.' : undefined,
    title === undefined ? undefined : `**${title}**`,
    description,
    aliases.length === 0 ? undefined : `Older names: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`,
    ...section('Examples', $examples.map(exampleText)),
    ...section('Properties', entries(properties)),
    ...section('Outputs', outputs === undefined ? [] : entries(outputs)),
    ...section('Metrics', $metrics.map(metricText)),
  ];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

const section = (heading: string, parts: readonly string[]): readonly string[] =>
  parts.length === 0 ? [] : [`## ${heading}`, ...parts];

const exampleText = ({ title, code }: JsonSchema): string =>
  `${String(title)}\n\n\`\`\`yaml\n${String(code).trimEnd()}\n\`\`\``;

const metricText = ({ name, type, unit, description }: JsonSchema): string => {
  const what = [String(type), ...(unit === '' ? [] : [String(unit)])].join(', ');
  return `- \`${String(name)}\` (${what})${description === '' ? '' : `: ${String(description)}`}`;
};

const entries = ({ properties }: ObjectSchema): readonly string[] =>
  Object.entries(properties).map(([name, schema]) => propertyText(name, schema, 3));

type Properties = Readonly<Record<string, JsonSchema>>;

function propertyText(name: string, schema: JsonSchema, level: number): string {
  const { title, description } = schema;
  const inner = level > 4 ? undefined : innerOf(schema);
  const parts = [
    `${'#'.repeat(level)} \`${name}\``,
    facts(schema).join('\n'),
    typeof title === 'string' ? title : undefined,
    typeof description === 'string' ? description : undefined,
    ...Object.entries(inner ?? {}).map(([key, property]) => propertyText(`${name}.${key}`, property, level + 1)),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** The properties of a map, or of the maps in a list. */
function innerOf({ properties, items }: JsonSchema): Properties | undefined {
  if (properties !== undefined) return properties as Properties;
  return items === undefined ? undefined : ((items as JsonSchema)['properties'] as Properties | undefined);
}

function facts(schema: JsonSchema): readonly string[] {
  const { $dynamic, $required, $deprecated, pattern } = schema;
  const bounds = BOUNDS.flatMap(([key, label, unit]) => {
    const bound = schema[key];
    return typeof bound === 'number' ? [`${label} ${bound}${unit}`] : [];
  });
  return [
    `- Type: ${typeText(schema)}`,
    ...($required === true ? ['- Required'] : []),
    ...($deprecated === true ? ['- Deprecated'] : []),
    ...($dynamic === true ? ['- Takes expressions'] : []),
    ...(schema['default'] === undefined ? [] : [`- Default: \`${JSON.stringify(schema['default'])}\``]),
    ...(Array.isArray(schema['enum'])
      ? [`- One of ${schema['enum'].map((one) => `\`${String(one)}\``).join(', ')}`]
      : []),
    ...(typeof pattern === 'string' && pattern.length < 100 ? [`- Pattern: \`${pattern}\``] : []),
    ...(bounds.length === 0 ? [] : [`- Bounds: ${bounds.join(', ')}`]),
  ];
}

const BOUNDS = [
  ['minimum', 'at least', ''],
  ['maximum', 'at most', ''],
  ['minLength', 'at least', ' characters'],
  ['maxLength', 'at most', ' characters'],
  ['minItems', 'at least', ' of them'],
] as const;

const HELD: Readonly<Record<string, string>> = {
  task: 'tasks',
  condition: 'conditions',
  'task-runner': 'task runner',
};

function typeText(schema: JsonSchema): string {
  const { type, format, items, $holds } = schema;
  if (typeof $holds === 'string') return type === 'array' ? `list of ${HELD[$holds]}` : (HELD[$holds] ?? 'map');
  const options = schema['oneOf'] ?? schema['anyOf'];
  if (Array.isArray(options)) {
    const names = options.map((option: JsonSchema) => typeText(option));
    return [...new Set(names)].join(' or ');
  }
  if (Array.isArray(type)) return type.join(' or ');
  if (type === 'array') return items === undefined ? 'list' : `list of ${typeText(items as JsonSchema)}`;
  if (type === 'object') return 'map';
  if (typeof schema['const'] === 'string') return `\`${schema['const']}\``;
  if (typeof format === 'string') return format;
  return typeof type === 'string' ? type : 'any';
}
