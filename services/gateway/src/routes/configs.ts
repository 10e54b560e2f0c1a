import { newId } from '@tiercel/model';
import type { RouteDeps } from '../deps.ts';
import { sendJson } from '../http/answers.ts';
import { route, type Route } from '../http/routing.ts';
import { VERSION } from '../version.ts';

/** What a client must know of the server (rest-api.md §14). */
export function configRoutes({ config, clock }: RouteDeps): readonly Route[] {
  const environment = {
    ...(config.environmentName === undefined ? {} : { name: config.environmentName }),
    ...(config.environmentColor === undefined ? {} : { color: config.environmentColor }),
  };
  const body = {
    // Of this process: clients tell restarts by it.
    uuid: newId(clock()),
    version: VERSION,
    isCustomDashboardsEnabled: false,
    isTaskRunEnabled: false,
    isAnonymousUsageEnabled: false,
    isTemplateEnabled: false,
    ...(config.environmentName === undefined ? {} : { environment }),
    preview: { initial: config.previewInitial, max: config.previewMax },
    isBasicAuthEnabled: config.username !== undefined,
    systemNamespace: config.systemNamespace,
    hiddenLabelsPrefixes: ['system.', 'internal.'],
  };
  return [route('GET', '/configs', (_req, res) => sendJson(res, body))];
}
