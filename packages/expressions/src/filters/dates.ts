import type { Context } from '../context.ts';
import { addTo } from '../dates/add.ts';
import { formatDate } from '../dates/format.ts';
import { fieldsOf, type Moment } from '../dates/moment.ts';
import { momentOfMillis, readMoment, zoneArgument } from '../dates/read.ts';
import type { Zone } from '../dates/zone.ts';
import {
  type ArgValues,
  type FilterDefinition,
  type FunctionDefinition,
  optionalText,
  textArg,
  wholeArg,
} from '../definitions.ts';
import type { Value } from '../values.ts';

/** What a zone or a locale costs that is not known yet is in here as well. */
const STEPS_PER_DATE = 32;

/** Writes a moment in a zone; the arguments `format` and `locale` stand at the given places. */
function written(
  moment: Moment,
  zone: Zone,
  args: ArgValues,
  format: number,
  locale: number,
  context: Context,
): string {
  const fields = fieldsOf(moment.epochSecond, moment.nano, zone);
  const pattern = optionalText(args, format, 'The argument `format`') ?? 'iso';
  context.work.step(STEPS_PER_DATE + pattern.length);
  const language = optionalText(args, locale, 'The argument `locale`') ?? context.env.locale ?? 'en_US';
  return formatDate(fields, pattern, language);
}

function date(input: Value, args: ArgValues, context: Context): Value {
  const zone = zoneArgument(optionalText(args, 1, 'The argument `timeZone`'), context);
  const moment = readMoment(input, zone, optionalText(args, 2, 'The argument `existingFormat`'), context);
  return written(moment, zone, args, 0, 3, context);
}

function dateAdd(input: Value, args: ArgValues, context: Context): Value {
  const amount = wholeArg(args, 0, 'The argument `amount` of `dateAdd`');
  const unit = textArg(args, 1, 'The argument `unit` of `dateAdd`');
  const zone = zoneArgument(optionalText(args, 3, 'The argument `timeZone`'), context);
  const moment = readMoment(input, zone, optionalText(args, 4, 'The argument `existingFormat`'), context);
  return written(addTo(moment, amount, unit), zone, args, 2, 5, context);
}

/** Reads the input with the arguments `timeZone` and `existingFormat`. */
function inputMoment(input: Value, args: ArgValues, context: Context): Moment {
  const zone = zoneArgument(optionalText(args, 0, 'The argument `timeZone`'), context);
  return readMoment(input, zone, optionalText(args, 1, 'The argument `existingFormat`'), context);
}

function timestamp(convert: (moment: Moment) => Value): FilterDefinition {
  return {
    params: ['timeZone', 'existingFormat'],
    apply: (input, args, context) => convert(inputMoment(input, args, context)),
  };
}

/** Filters on dates (expressions.md §10). */
export const dateFilters: Readonly<Record<string, FilterDefinition>> = {
  date: { params: ['format', 'timeZone', 'existingFormat', 'locale'], apply: date },
  dateAdd: { params: ['amount', 'unit', 'format', 'timeZone', 'existingFormat', 'locale'], apply: dateAdd },
  timestamp: timestamp((moment) => BigInt(moment.epochSecond)),
  timestampMilli: timestamp(
    (moment) => BigInt(moment.epochSecond) * 1000n + BigInt(Math.floor(moment.nano / 1_000_000)),
  ),
  // The scale of seconds is that of nanoseconds: a known defect that is kept (expressions.md §16, E13).
  timestampMicro: timestamp((moment) =>
    String(BigInt(moment.epochSecond) * 1_000_000_000n + BigInt(Math.floor(moment.nano / 1000))),
  ),
  timestampNano: timestamp((moment) => String(BigInt(moment.epochSecond) * 1_000_000_000n + BigInt(moment.nano))),
};

/** `now(…)`: the twin of the filter `date` on the present time. */
export const now: FunctionDefinition = {
  params: ['format', 'timeZone', 'existingFormat', 'locale'],
  call: (args, context) => {
    const zone = zoneArgument(optionalText(args, 1, 'The argument `timeZone`'), context);
    return written(momentOfMillis(context.env.now(), zone), zone, args, 0, 3, context);
  },
};
