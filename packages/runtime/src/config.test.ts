import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, defineConfig, loadConfig, printableConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiercel-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const web = defineConfig({
  section: 'web',
  env: { port: ['PORT'] },
  secrets: ['password'],
  schema: z.object({
    port: z.number().int().min(1).default(8080).describe('port to listen on'),
    password: z.string().min(8).optional(),
    hosts: z.array(z.string()).default([]),
    verbose: z.boolean().default(false),
  }),
});
const database = defineConfig({
  section: 'database',
  env: { url: ['DATABASE_URL'] },
  schema: z.object({ url: z.string().describe('address of PostgreSQL'), poolSize: z.number().default(10) }),
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const mistakesOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
};

describe('configuration', () => {
  it('a variable that is wrong is told once, however many rules and parts it breaks', () => {
    const door = defineConfig({ section: 'door', env: { port: ['PORT'] }, schema: web.schema });
    const mistakes = mistakesOf(() => loadConfig({ web, door, database }, { PORT: '-1.5' }));
    expect(mistakes.map((line) => line.split(': ', 1)[0])).toEqual(['PORT', 'TIERCEL_DATABASE_URL or DATABASE_URL']);
  });

  it('comes from the environment before the file, and from defaults', () => {
    const path = file('a.yml', 'web:\n  port: 1234\n  hosts: [x]\ndatabase:\n  url: postgres://file\n');
    const config = loadConfig(
      { web, database },
      { PORT: '99', TIERCEL_DATABASE_POOL_SIZE: '3', TIERCEL_WEB_VERBOSE: 'true' },
      path,
    );
    expect(config).toEqual({
      web: { port: 99, hosts: ['x'], verbose: true },
      database: { url: 'postgres://file', poolSize: 3 },
    });
  });

  it('reads lists from the environment by comma, and takes an empty variable for an unset one', () => {
    const config = loadConfig({ web }, { TIERCEL_WEB_HOSTS: 'a, b,', PORT: '' });
    expect(config.web).toEqual({ port: 8080, hosts: ['a', 'b'], verbose: false });
  });

  it('reads lists of objects from the environment as JSON', () => {
    const part = defineConfig({ section: 'rules', schema: z.object({ all: z.array(z.json()).default([]) }) });
    const read = (text: string): unknown => loadConfig({ part }, { TIERCEL_RULES_ALL: text }).part.all;
    expect(read('[{"type": "a", "values": {"x": "1,2"}}]')).toEqual([{ type: 'a', values: { x: '1,2' } }]);
    expect(mistakesOf(() => read('[{"type": '))[0]).toMatch(/^TIERCEL_RULES_ALL: /);
  });

  it('names all mistakes at once, with place and remedy, and no secret', () => {
    const path = file('b.yml', 'web:\n  prot: 1\n  port: 0\n  password: short\nwbe: {}\n');
    const mistakes = mistakesOf(() => loadConfig({ web, database }, {}, path));
    expect(mistakes).toHaveLength(5);
    const text = mistakes.join('\n');
    expect(text).toContain(`wbe in ${path}: unknown section; known are web, database`);
    expect(text).toContain('web: unknown key prot; known are port, password, hosts, verbose');
    expect(text).toContain(`web.port in ${path}: `);
    expect(text).toContain('(port to listen on)');
    expect(text).toContain(`web.password in ${path}: is not valid`);
    expect(text).not.toContain('short');
    expect(text).toContain('TIERCEL_DATABASE_URL or DATABASE_URL: is missing; set it (address of PostgreSQL)');
  });

  it('names the variable that holds the wrong value', () => {
    expect(mistakesOf(() => loadConfig({ web }, { PORT: 'many' }))[0]).toMatch(/^PORT: /);
  });

  it('says why a file cannot be used', () => {
    expect(mistakesOf(() => loadConfig({ web }, {}, join(folder, 'none.yml')))[0]).toContain('cannot be read (ENOENT)');
    expect(mistakesOf(() => loadConfig({ web }, {}, file('c.yml', 'a: [')))[0]).toContain('is no YAML');
    expect(mistakesOf(() => loadConfig({ web }, {}, file('d.yml', '- 1')))[0]).toContain('must be a map of sections');
    expect(loadConfig({ web }, {}, file('e.yml', '')).web.port).toBe(8080);
  });

  it('a misspelt variable is named, with those that there are', () => {
    const env = { TIERCEL_WEB_PROT: '1', TIERCEL_OTHER_PORT: '2', TIERCEL_WEB: 'x', TIERCEL_WEB_SIZE: '' };
    expect(mistakesOf(() => loadConfig({ web }, env))).toEqual([
      'TIERCEL_WEB_PROT: unknown variable; known are TIERCEL_WEB_PORT, TIERCEL_WEB_PASSWORD, TIERCEL_WEB_HOSTS, TIERCEL_WEB_VERBOSE',
    ]);
  });

  it('what Kubernetes says of a service of the same name is no setting', () => {
    const env = {
      TIERCEL_WEB_PORT: 'tcp://10.0.0.1:8080',
      TIERCEL_WEB_PORT_8080_TCP_ADDR: '10.0.0.1',
      TIERCEL_WEB_SERVICE_HOST: '10.0.0.1',
      TIERCEL_WEB_SERVICE_PORT_HTTP: '8080',
    };
    expect(loadConfig({ web }, env).web.port).toBe(8080);
    expect(loadConfig({ web }, { ...env, PORT: '99' }).web.port).toBe(99);
  });

  it('is printed without secrets', () => {
    const parts = { web, database };
    const config = loadConfig(parts, {
      TIERCEL_WEB_PASSWORD: 'open sesame',
      DATABASE_URL: 'postgres://u:ge/he@geheim@db/x',
    });
    const shown = JSON.stringify(printableConfig(parts, config));
    expect(shown).not.toMatch(/sesame|ge.he|geheim/);
    expect(shown).toContain('postgres://u:***@db/x');
  });
});
