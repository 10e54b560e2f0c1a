import type { FlowInput } from '@tiercel/model';
import type { Reader } from '../reader.ts';

/** Ids with dots nest; one id cannot be a value and hold others (`a` and `a.b`): the inputs could not be built (execution-semantics.md §1.1). */
export function checkInputNesting(reader: Reader, inputs: readonly FlowInput[]): void {
  const ids = new Set(inputs.map(({ id }) => id));
  inputs.forEach(({ id }, index) => {
    if (id.split('.').includes('__proto__'))
      reader.constraint(['inputs', index, 'id'], '"__proto__" cannot be a part of it');
    for (let dot = id.indexOf('.'); dot !== -1; dot = id.indexOf('.', dot + 1)) {
      const parent = id.slice(0, dot);
      if (ids.has(parent))
        reader.constraint(['inputs', index, 'id'], `'${id}' is inside '${parent}', which is an input itself`);
    }
  });
}
