import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/**
 * One concern's part of the configuration: a section of the YAML file, and environment variables. A key `maxSize` of the
 * section `gateway` is read from `TIERCEL_GATEWAY_MAX_SIZE`, from the names listed in `env`, or from `gateway.maxSize` in the
 * file, in that order.
 */
export interface ConfigPart<S extends z.ZodObject = z.ZodObject> {
  readonly section: string;
  readonly schema: S;
  /** Further environment variables of a key (`PORT`, `DATABASE_URL`); the first that is set counts. */
  readonly env?: Readonly<Record<string, readonly string[]>>;
  /** Keys whose values are never printed. */
  readonly secrets?: readonly string[];
}

export const defineConfig = <S extends z.ZodObject>(part: ConfigPart<S>): ConfigPart<S> => part;

type Parts = Readonly<Record<string, ConfigPart>>;
export type ConfigOf<P extends Parts> = { readonly [K in keyof P]: z.output<P[K]['schema']> };

/** All mistakes of a configuration at once; each line names the place and the remedy, never a secret. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}:\n${mistakes.map((m) => `  - ${m}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

const PREFIX = 'TIERCEL';
const snake = (key: string): string => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** Name of the environment variable of a key. */
export const envName = (section: string, key: string): string => `${PREFIX}_${snake(section)}_${snake(key)}`;

type Values = Record<string, unknown>;
const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the file; a missing one is a mistake only when it was named. */
function readFile(file: string | undefined, mistakes: string[]): Values {
  if (file === undefined) return {};
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    mistakes.push(
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}); check the path and its permissions`,
    );
    return {};
  }
  try {
    const value: unknown = parse(text) ?? {};
    if (isObject(value)) return value;
    mistakes.push(`${file}: must be a map of sections`);
  } catch (error) {
    mistakes.push(`${file}: is no YAML: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  return {};
}

/** Text of the environment as the schema wants it: lists by comma (of objects as JSON), objects as JSON; everything else stays text. */
function fromText(schema: unknown, text: string): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable)
    inner = inner.unwrap();
  const isJson = inner instanceof z.ZodArray && !(inner.element instanceof z.ZodString) && /^\s*\[/.test(text);
  if (inner instanceof z.ZodArray && !isJson)
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  if (inner instanceof z.ZodNumber) return text.trim() === '' ? text : Number(text);
  if (inner instanceof z.ZodBoolean) return text === 'true' ? true : text === 'false' ? false : text;
  if (isJson || inner instanceof z.ZodObject || inner instanceof z.ZodRecord) {
    try {
      return JSON.parse(text);
    } catch (error) {
      // Not JSON: the schema names the mistake and its place.
      return error instanceof SyntaxError ? text : undefined;
    }
  }
  return text;
}

/**
 * Kubernetes tells every container of a namespace about its services: one called `tiercel-gateway` makes `TIERCEL_GATEWAY_PORT` (with
 * the value `tcp://10.0.0.1:8080`), `TIERCEL_GATEWAY_SERVICE_HOST` and more, none of which is a setting.
 */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\//;
const SERVICE_LINK_NAME = /_SERVICE_(?:HOST|PORT)(?:_\w+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/;

const isSet = (name: string, env: NodeJS.ProcessEnv): boolean => {
  const text = env[name];
  return text !== undefined && text !== '' && !(name.endsWith('_PORT') && SERVICE_LINK.test(text));
};

/** Variables that look like settings of these parts, and are none: misspelt ones must not go unnoticed. */
function unknownVariables(parts: Parts, env: NodeJS.ProcessEnv): readonly string[] {
  const known = new Set<string>();
  for (const part of Object.values(parts)) {
    for (const key of Object.keys(part.schema.shape)) {
      known.add(envName(part.section, key));
      for (const name of part.env?.[key] ?? []) known.add(name);
    }
  }
  const beginnings = Object.values(parts).map((part) => `${PREFIX}_${snake(part.section)}_`);
  return Object.keys(env).flatMap((name) => {
    const beginning = beginnings.find((one) => name.startsWith(one));
    if (beginning === undefined || known.has(name) || SERVICE_LINK_NAME.test(name) || !isSet(name, env)) return [];
    const others = [...known].filter((one) => one.startsWith(beginning));
    return [`${name}: unknown variable; known are ${others.join(', ')}`];
  });
}

interface Found {
  readonly values: Values;
  /** Where each key came from, for messages. */
  readonly places: ReadonlyMap<string, string>;
}

function collect(part: ConfigPart, env: NodeJS.ProcessEnv, section: Values, file: string | undefined): Found {
  const values: Values = { ...section };
  const places = new Map(Object.keys(section).map((key) => [key, `${part.section}.${key} in ${file}`]));
  for (const [key, schema] of Object.entries(part.schema.shape)) {
    const names = [envName(part.section, key), ...(part.env?.[key] ?? [])];
    const name = names.find((candidate) => isSet(candidate, env));
    if (name === undefined) continue;
    values[key] = fromText(schema, env[name]!);
    places.set(key, name);
  }
  return { values, places };
}

/** One line for people: where, what, what to do. The value itself is named only when it is no secret. */
function mistakeOf(part: ConfigPart, issue: z.core.$ZodIssue, found: Found): string {
  const key = String(issue.path[0] ?? '');
  const place = found.places.get(key) ?? [envName(part.section, key), ...(part.env?.[key] ?? [])].join(' or ');
  if (issue.code === 'unrecognized_keys') {
    return `${part.section}: unknown key${issue.keys.length > 1 ? 's' : ''} ${issue.keys.join(', ')}; known are ${Object.keys(part.schema.shape).join(', ')}`;
  }
  const description = (part.schema.shape[key] as z.ZodType | undefined)?.description;
  const meaning = description === undefined ? '' : ` (${description})`;
  if (found.values[key] === undefined) return `${place}: is missing; set it${meaning}`;
  if (part.secrets?.includes(key) === true) return `${place}: is not valid${meaning}`;
  return `${place}: ${issue.message}${meaning}`;
}

/**
 * Reads the configuration of all parts from the environment and one YAML file, once. Throws a `ConfigError` that names every
 * mistake. Sections of the file that no part owns are mistakes, unless `otherSections` lists them.
 */
export function loadConfig<P extends Parts>(
  parts: P,
  env: NodeJS.ProcessEnv,
  file?: string,
  otherSections: readonly string[] | 'any' = [],
): ConfigOf<P> {
  const mistakes: string[] = [];
  const sections = readFile(file, mistakes);
  const owned = new Set(Object.values(parts).map((part) => part.section));
  const unknown =
    otherSections === 'any'
      ? []
      : Object.keys(sections).filter((name) => !owned.has(name) && !otherSections.includes(name));
  for (const name of unknown)
    mistakes.push(`${name} in ${file}: unknown section; known are ${[...owned, ...otherSections].join(', ')}`);
  mistakes.push(...unknownVariables(parts, env));
  const result: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    const section = sections[part.section] ?? {};
    if (!isObject(section)) {
      mistakes.push(`${part.section} in ${file}: must be a map`);
      continue;
    }
    const found = collect(part, env, section, file);
    const parsed = part.schema.strict().safeParse(found.values);
    if (parsed.success) result[name] = parsed.data;
    else mistakes.push(...parsed.error.issues.map((issue) => mistakeOf(part, issue, found)));
  }
  if (mistakes.length > 0) throw new ConfigError(onePerPlace(mistakes));
  return result as ConfigOf<P>;
}

/** A value may break several rules, and a variable such as `PORT` may serve several parts: people need to be told once. */
const onePerPlace = (mistakes: readonly string[]): readonly string[] =>
  [...new Map(mistakes.toReversed().map((line) => [line.split(': ', 1)[0], line])).values()].toReversed();

/** The configuration as it may be printed: secrets masked, passwords in URLs too. */
export function printableConfig<P extends Parts>(parts: P, config: ConfigOf<P>): Values {
  const shown: Values = {};
  for (const [name, part] of Object.entries(parts)) {
    const values = config[name] as Values;
    shown[part.section] = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        part.secrets?.includes(key) === true && value !== undefined ? '***' : maskUrl(value),
      ]),
    );
  }
  return shown;
}

const maskUrl = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:/@\s]*):\S*@/i, '$1:***@') : value;
