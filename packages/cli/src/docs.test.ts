import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from './program.ts';

const ROOT = new URL('../../../', import.meta.url);
const PAGES = [
  'README.md',
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const terminal = { print: ignore, note: ignore, log: ignore, ended: ignore };
function ignore(): void {
  throw new Error('nothing is run here');
}
const program = createProgram(terminal);

/** The code blocks of a page in a language. */
function blocks(page: string, language: string): readonly string[] {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code!);
}

/** Every text in a value, those of lists and maps inside, too. */
function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

/** The words of every call of the program in a script. */
function calls(script: string): readonly (readonly string[])[] {
  const joined = script.replace(/\\\n/g, ' ');
  return [...joined.matchAll(/(?:^|[;&|(]|\bdo\b)[ \t]*(?:\.\/)?tiercel (.*)$/gm)].map(([, rest]) => words(rest!));
}

const WORD = /"(?:\$\([^)]*\)|[^"])*"|'[^']*'|[^\s"']+(?:"[^"]*"|'[^']*')?/g;

/** Up to what the shell does with the call: a comment, a pipe, a redirection. */
function words(line: string): readonly string[] {
  const found = line.match(WORD) ?? [];
  const end = found.findIndex((word) => /^(?:#|\||&|;|\d?>)/.test(word));
  return end === -1 ? found : found.slice(0, end);
}

/** What is wrong with a call; undefined: it exists with these options and enough arguments. */
function complaint(line: readonly string[]): string | undefined {
  let command: Command = program;
  const rest = [...line];
  for (let found = find(command, rest[0]); found !== undefined; found = find(command, rest[0])) {
    command = found;
    rest.shift();
  }
  if (command.commands.length > 0) return `there is no such command: ${line.join(' ')}`;
  const { given, positional, unknown } = sorted(command, rest);
  if (unknown !== undefined) return `${command.name()} has no option ${unknown}`;
  const left = command.options.find((option) => option.mandatory && !given.has(option.attributeName()));
  if (left !== undefined) return `${command.name()} needs ${left.flags}`;
  const { registeredArguments: wanted } = command;
  const least = wanted.filter(({ required }) => required).length;
  const most = wanted.some(({ variadic }) => variadic) ? Infinity : wanted.length;
  return positional < least || positional > most ? `${command.name()} has ${positional} arguments` : undefined;
}

/** The options that are given to a command, how many arguments there are, and the first option that it does not have. */
function sorted(command: Command, given: readonly string[]) {
  const result = { given: new Set<string>(), positional: 0, unknown: undefined as string | undefined };
  const rest = [...given];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name] = word.split('=');
    if (!word.startsWith('-')) result.positional += 1;
    else {
      const option = command.options.find(({ long, short }) => name === long || name === short);
      if (option === undefined) result.unknown ??= word;
      else result.given.add(option.attributeName());
      if (option?.required === true && !word.includes('=')) rest.shift();
    }
  }
  return result;
}

const find = (command: Command, name: string | undefined): Command | undefined =>
  command.commands.find((one) => name !== undefined && (one.name() === name || one.aliases().includes(name)));

describe('the command lines of the documentation', () => {
  it.each(PAGES)('%s names commands and options that there are', (page) => {
    const scripts = [...blocks(page, 'sh'), ...blocks(page, 'yaml').flatMap((code) => texts(parse(code)))];
    const complaints = scripts.flatMap(calls).flatMap((line) => complaint(line) ?? []);
    expect(complaints).toEqual([]);
  });

  it('are found and judged', () => {
    expect(complaint(words('sync "$(basename "$folder")" --namespace a --dry-run 2>&1 | tee x'))).toBeUndefined();
    expect(complaint(words('sync flows'))).toBe('sync needs --namespace <namespace>');
    expect(complaint(words('sync flows --namespace a --dry'))).toBe('sync has no option --dry');
    expect(complaint(words('sink flows'))).toBe('there is no such command: sink flows');
    expect(complaint(words('flow validate --local'))).toBe('validate has 0 arguments');
    expect(calls('for a in *; do\n  tiercel flow list | wc\ndone\n./tiercel run a.yaml \\\n  --json # x')).toEqual([
      ['flow', 'list'],
      ['run', 'a.yaml', '--json'],
    ]);
  });
});

describe('docs/ci.md', () => {
  it('has pipelines for GitHub and GitLab that validate, show the difference and deploy', () => {
    const [validate, deploy, gitlab] = blocks('docs/ci.md', 'yaml').map((code) => ({
      yaml: parse(code) as Record<string, unknown>,
      calls: texts(parse(code))
        .flatMap(calls)
        .map((line) => line.join(' ')),
    }));
    expect(validate!.yaml).toMatchObject({ on: { pull_request: { paths: ['flows/**'] } } });
    expect(deploy!.yaml).toMatchObject({ on: { push: { branches: ['main'] } } });
    expect(gitlab!.yaml).toMatchObject({ stages: ['validate', 'deploy'], deploy: { stage: 'deploy' } });
    const check = 'flow validate --local --strict flows';
    const sync = 'sync "$folder" --namespace "$(basename "$folder")"';
    expect(validate!.calls).toEqual([check, `${sync} --dry-run`]);
    expect(deploy!.calls).toEqual([sync]);
    expect(gitlab!.calls).toEqual([check, `${sync} --dry-run`, sync]);
  });
});
