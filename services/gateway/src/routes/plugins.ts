import type { Request, Response } from 'express';
import { ApiError } from '@tiercel/contracts';
import {
  commonProperties,
  inputClass,
  inputSchema,
  isInputType,
  languageSchema,
  SCHEMA_KINDS,
} from '@tiercel/flow-source';
import { INPUT_TYPES } from '@tiercel/model';
import { markdownOf, pluginSchema, type PluginRegistry } from '@tiercel/plugin-kit';
import type { RouteFactory } from '../deps.ts';
import { param, sendJson } from '../http/answers.ts';
import { cannotConvert, oneOf, queryOf } from '../http/query.ts';
import { route } from '../http/routing.ts';
import { createCatalogue } from '../plugins/catalogue.ts';

/** What plugins are changes only with the server. */
const KEEP = 'public, max-age=3600';

/** Plugin types with their schemas, documentation and pictures (rest-api.md §13). */
export const pluginRoutes =
  ({ registry }: { readonly registry: PluginRegistry }): RouteFactory =>
  () => {
    const catalogue = createCatalogue(registry);
    return [
      route('GET', '/plugins', (_req, res) => sendJson(res, catalogue.plugins)),
      route('GET', '/plugins/groups/subgroups', (_req, res) => sendJson(res, catalogue.subgroups)),
      route('GET', '/plugins/icons', (_req, res) => sendKept(res, catalogue.icons)),
      route('GET', '/plugins/icons/groups', (_req, res) => sendKept(res, catalogue.groupIcons)),
      route('GET', '/plugins/schemas/:type', (req, res) => schemaOfKind(registry, req, res)),
      route('GET', '/plugins/inputs', (_req, res) =>
        sendJson(
          res,
          INPUT_TYPES.map((type) => ({ type, cls: inputClass(type) })),
        ),
      ),
      route('GET', '/plugins/inputs/:type', inputType),
      route('GET', '/plugins/:class', (req, res) => pluginClass(registry, req, res)),
    ];
  };

function sendKept(res: Response, body: unknown): void {
  res.setHeader('Cache-Control', KEEP);
  sendJson(res, body);
}

/** Under an older name, too. */
function pluginClass(registry: PluginRegistry, req: Request, res: Response): void {
  const name = param(req, 'class');
  const definition = registry.get(name);
  if (definition === undefined) throw new ApiError('notFound', `Class '${name}' doesn't exists `);
  const all = queryOf(req).flag('all', false);
  const schema = pluginSchema(definition, all ? commonProperties(definition.kind) : undefined);
  const { type, aliases = [] } = definition;
  sendKept(res, { markdown: markdownOf({ type, aliases, schema }), schema });
}

function schemaOfKind(registry: PluginRegistry, req: Request, res: Response): void {
  const kind = oneOf('type', param(req, 'type'), SCHEMA_KINDS);
  sendKept(res, languageSchema(registry, kind, queryOf(req).flag('arrayOf', false)));
}

function inputType(req: Request, res: Response): void {
  const type = param(req, 'type');
  if (!isInputType(type)) throw cannotConvert('type', type, `not one of ${INPUT_TYPES.join(', ')}`);
  const schema = inputSchema(type);
  sendKept(res, { markdown: markdownOf({ type, schema }), schema });
}
