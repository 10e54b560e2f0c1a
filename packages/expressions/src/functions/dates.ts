import type { Context } from '../context.ts';
import { dayOfWeek, monthLength } from '../dates/calendar.ts';
import { type Fields, fieldsOf } from '../dates/moment.ts';
import { readMoment, zoneArgument } from '../dates/read.ts';
import { type ArgValues, type FunctionDefinition, required, textArg } from '../definitions.ts';
import { fail } from '../errors.ts';
import { now } from '../filters/dates.ts';
import type { Value } from '../values.ts';

/** The date argument, in the server's zone unless it carries an offset of its own. */
function fieldsArg(args: ArgValues, context: Context): Fields {
  const moment = momentArg(args, 0, 'date', context);
  return fieldsOf(moment.epochSecond, moment.nano, moment.zone);
}

function momentArg(args: ArgValues, index: number, name: string, context: Context): ReturnType<typeof readMoment> {
  return readMoment(required(args, index, `The argument \`${name}\``), zoneArgument(null, context), null, context);
}

function part(read: (fields: Fields) => Value): FunctionDefinition {
  return { params: ['date'], call: (args, context) => read(fieldsArg(args, context)) };
}

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];

function order(a: { epochSecond: number; nano: number }, b: { epochSecond: number; nano: number }): number {
  return a.epochSecond - b.epochSecond || a.nano - b.nano;
}

function isDayWeekInMonth(args: ArgValues, context: Context): boolean {
  const fields = fieldsArg(args, context);
  const weekday = DAYS.indexOf(textArg(args, 1, 'The argument `dayOfWeek`').toUpperCase()) + 1;
  if (weekday === 0) return fail(`The argument \`dayOfWeek\` must be one of ${DAYS.join(', ')}`);
  if (dayOfWeek(fields.epochDay) !== weekday) return false;
  const nth = Math.ceil(fields.day / 7);
  const isLast = fields.day + 7 > monthLength(fields.year, fields.month);
  switch (textArg(args, 2, 'The argument `position`').toUpperCase()) {
    case 'FIRST':
      return nth === 1;
    case 'SECOND':
      return nth === 2;
    case 'THIRD':
      return nth === 3;
    case 'FOURTH':
      return nth === 4;
    case 'LAST':
      return isLast;
    default:
      return fail('The argument `position` must be FIRST, SECOND, THIRD, FOURTH or LAST');
  }
}

/** The present time and the calendar functions of later versions (expressions.md §12.2, §17). */
export const dateFunctions: Readonly<Record<string, FunctionDefinition>> = {
  now,
  dayOfWeek: part((fields) => DAYS[dayOfWeek(fields.epochDay) - 1] ?? null),
  dayOfMonth: part((fields) => fields.day),
  monthOfYear: part((fields) => fields.month),
  hourOfDay: part((fields) => fields.hour),
  isWeekend: part((fields) => dayOfWeek(fields.epochDay) > 5),
  isDayWeekInMonth: { params: ['date', 'dayOfWeek', 'position'], call: isDayWeekInMonth },
  isDateAfter: {
    params: ['date', 'after'],
    call: (args, context) => order(momentArg(args, 0, 'date', context), momentArg(args, 1, 'after', context)) > 0,
  },
  isDateBefore: {
    params: ['date', 'before'],
    call: (args, context) => order(momentArg(args, 0, 'date', context), momentArg(args, 1, 'before', context)) < 0,
  },
  isDateBetween: {
    params: ['date', 'after', 'before'],
    call: (args, context) => {
      const moment = momentArg(args, 0, 'date', context);
      return (
        order(moment, momentArg(args, 1, 'after', context)) > 0 &&
        order(moment, momentArg(args, 2, 'before', context)) < 0
      );
    },
  },
};
