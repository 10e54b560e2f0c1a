import { type FilterDefinition, optionalText } from '../definitions.ts';
import { fail } from '../errors.ts';
import { formatNumber } from '../number-format.ts';
import { parseNumber } from '../number-parse.ts';
import { fitsLong } from '../numbers.ts';
import { signed } from '../operators.ts';
import {
  BigInteger,
  Decimal,
  Float,
  isInteger,
  isList,
  isMap,
  isNumber,
  toDouble,
  typeName,
  type Value,
} from '../values.ts';

/** The host type name of the reference. Whole numbers of variables are 32-bit where they fit (expressions.md §16, E4). */
function className(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'java.lang.String';
    case 'boolean':
      return 'java.lang.Boolean';
    case 'bigint':
      return fitsLong(value) ? 'java.lang.Long' : 'java.math.BigInteger';
    case 'number':
      return numberClass(value);
    default:
      if (value instanceof Float) return 'java.lang.Float';
      if (value instanceof Decimal) return 'java.math.BigDecimal';
      if (value instanceof BigInteger) return 'java.math.BigInteger';
      if (isNumber(value)) return 'java.lang.Double';
      if (isList(value)) return 'java.util.ArrayList';
      if (isMap(value)) return 'java.util.LinkedHashMap';
      return fail(`\`className\` does not know ${typeName(value)}`);
  }
}

function numberClass(value: number): string {
  if (!Number.isInteger(value)) return 'java.lang.Double';
  if (Math.abs(value) < 2 ** 31 || value === -(2 ** 31)) return 'java.lang.Integer';
  return Math.abs(value) < 2 ** 63 ? 'java.lang.Long' : 'java.math.BigInteger';
}

/** Filters on numbers (expressions.md §9.2). */
export const numberFilters: Readonly<Record<string, FilterDefinition>> = {
  abs: {
    params: null,
    takesNull: true,
    apply: (input) => {
      if (!isNumber(input)) return fail(`\`abs\` needs a number, not ${typeName(input)}`);
      const isNegative = isInteger(input) ? toDouble(input) < 0 : toDouble(input) < 0 || Object.is(toDouble(input), -0);
      if (!isNegative) return input;
      return typeof input === 'number' && Number.isInteger(input) ? -input : signed('-', input);
    },
  },
  number: {
    params: ['type'],
    apply: (input, args, context) => {
      if (typeof input !== 'string') return fail(`\`number\` needs a text, not ${typeName(input)}`);
      context.work.text(input.length);
      return parseNumber(input, optionalText(args, 0, 'The argument `type` of `number`'));
    },
  },
  numberFormat: {
    params: ['format'],
    apply: (input, args, context) => {
      if (!isNumber(input)) return fail(`\`numberFormat\` needs a number, not ${typeName(input)}`);
      context.work.step(64);
      const format = optionalText(args, 0, 'The argument `format` of `numberFormat`');
      return formatNumber(input, format, context.env.locale ?? 'en_US');
    },
  },
  className: { params: null, apply: className },
};
