import { parseFlow } from '@tiercel/flow-source';
import { describe, expect, it } from 'vitest';
import { languageOfEnvironment } from './registry.ts';

const LOG = 'io.kestra.plugin.core.log.Log';
const SOURCE = `id: f\nnamespace: company.team\ntasks:\n  - id: t\n    type: ${LOG}\n`;

describe('plugin defaults from the environment', () => {
  it('are JSON, of the server and of namespaces', async () => {
    const warnings: string[] = [];
    const { registry, defaults } = await languageOfEnvironment(
      {
        TIERCEL_SERVER_PLUGIN_DEFAULTS: JSON.stringify([{ type: LOG, values: { message: 'a, b', level: 'WARN' } }]),
        TIERCEL_SERVER_NAMESPACE_DEFAULTS: JSON.stringify({ company: [{ type: LOG, values: { level: 'DEBUG' } }] }),
      },
      (problem) => warnings.push(problem),
    );
    const { flow } = parseFlow(SOURCE, { registry, tenant: 'main', defaults });
    expect(flow?.tasks[0]).toMatchObject({ message: 'a, b', level: 'DEBUG' });
    expect(warnings).toEqual([]);
  });

  it('a mistake stops nothing: place and remedy are told', async () => {
    const warnings: string[] = [];
    const environment = { TIERCEL_SERVER_PLUGIN_DEFAULTS: JSON.stringify([{ type: LOG, values: { mesage: 'x' } }]) };
    const { defaults } = await languageOfEnvironment(environment, (problem) => warnings.push(problem));
    expect(defaults('company')).toEqual([[{ type: LOG, forced: false, values: {} }]]);
    expect(warnings).toEqual([
      expect.stringMatching(/^The setting server\.pluginDefaults\[0\]: Unrecognized field "mesage".*start again\.$/),
    ]);
  });
});
