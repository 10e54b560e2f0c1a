import { type FilterDefinition, textArg } from '../definitions.ts';
import { toIon } from '../ion-write.ts';
import { runJq } from '../jq/index.ts';
import { toJqValue } from '../jq/values.ts';
import { parseJson } from '../json.ts';
import { jsonOf } from '../print.ts';
import { toYaml } from '../yaml-write.ts';

const toJson: FilterDefinition = {
  params: null,
  takesNull: true,
  apply: (input, _args, context) => jsonOf(input, context.work),
};

/** Filters that write formats, and jq (expressions.md §9.4, §11). */
export const formatFilters: Readonly<Record<string, FilterDefinition>> = {
  toJson,
  json: toJson,
  toIon: { params: null, takesNull: true, apply: (input, _args, context) => toIon(input, context.work) },
  yaml: { params: null, takesNull: true, apply: (input, _args, context) => toYaml(input, context.work) },
  jq: {
    params: ['expression'],
    apply: (input, args, context) => {
      const program = textArg(args, 0, 'The argument `expression` of `jq`');
      const { work } = context;
      const value = typeof input === 'string' ? parseJson(input, work) : toJqValue(input, work);
      return runJq(program, value, work, context.env.now);
    },
  },
};
