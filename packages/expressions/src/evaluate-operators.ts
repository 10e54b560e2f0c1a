import type { Context } from './context.ts';
import { fail, UndefinedName, WrappedUndefined } from './errors.ts';
import { compileExpression, type Evaluate, type Soft } from './evaluate.ts';
import type { Expr, ExprOf } from './nodes.ts';
import { add, arithmetic, contains, equal, ordered, range, signed, subtract, truth } from './operators.ts';
import { plainText } from './print.ts';
import { MISSING, type Value } from './values.ts';

/** `not`, unary `-` and `+`. */
export function compileUnary({ operator, operand, position }: ExprOf<'unary'>): Evaluate {
  const inner = compileExpression(operand).value;
  if (operator === 'not') {
    return (context) => {
      const value = inner(context);
      context.position = position;
      return !truth(value, '`not`');
    };
  }
  const sign = operator as '-' | '+';
  return (context) => {
    const value = inner(context);
    context.position = position;
    return signed(sign, value);
  };
}

type Operation = (left: Value, right: Value, context: Context) => Value;

/** Operators that report an undefined operand as their own error, which nothing catches (expressions.md §16, E7). */
const WRAPPING: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['+', (left, right, context) => add(left, right, context.work)],
  ['-', (left, right, context) => subtract(left, right, context.work)],
  ['*', (left, right) => arithmetic('*', left, right)],
  ['/', (left, right) => arithmetic('/', left, right)],
  ['%', (left, right) => arithmetic('%', left, right)],
  ['==', (left, right, context) => equal(left, right, context.work)],
  ['equals', (left, right, context) => equal(left, right, context.work)],
  ['!=', (left, right, context) => !equal(left, right, context.work)],
  ['>', (left, right) => ordered('>', left, right)],
  ['<', (left, right) => ordered('<', left, right)],
  ['>=', (left, right) => ordered('>=', left, right)],
  ['<=', (left, right) => ordered('<=', left, right)],
]);

const PLAIN: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    '~',
    (left, right, context) => {
      const a = plainText(left, context.work);
      const b = plainText(right, context.work);
      context.work.text(a.length + b.length);
      return a + b;
    },
  ],
  ['..', (left, right, context) => range(left, right, 1n, context.work)],
  ['contains', (left, right, context) => contains(left, right, context.work)],
]);

/** All binary operators except filters and tests (expressions.md §3.2). */
export function compileBinary({ operator, left, right, position }: ExprOf<'binary'>): Evaluate {
  if (operator === '??' || operator === '???') return compileCoalesce(operator, left, right);
  const a = compileExpression(left).value;
  const b = compileExpression(right).value;
  if (operator === 'and' || operator === 'or') {
    const where = `\`${operator}\``;
    const decisive = operator === 'or';
    return (context) => {
      const first = a(context);
      context.position = position;
      if (truth(first, where) === decisive) return decisive;
      const second = b(context);
      context.position = position;
      return truth(second, where);
    };
  }
  const wrapping = WRAPPING.get(operator);
  if (wrapping !== undefined) {
    return (context) => {
      let first: Value;
      let second: Value;
      try {
        first = a(context);
        second = b(context);
      } catch (error) {
        throw error instanceof UndefinedName ? new WrappedUndefined(error) : error;
      }
      context.position = position;
      context.work.step();
      return wrapping(first, second, context);
    };
  }
  const operation = PLAIN.get(operator) ?? (() => fail(`Unknown operator \`${operator}\``));
  return (context) => {
    const first = a(context);
    const second = b(context);
    context.position = position;
    context.work.step();
    return operation(first, second, context);
  };
}

/** MISSING when the expression is undefined, wherever inside of it; every other error goes on (expressions.md §5). */
export function caught(expr: Expr): Soft {
  const compiled = compileExpression(expr);
  const soft = compiled.soft ?? compiled.value;
  return (context) => {
    const { scope, out, mode } = context;
    try {
      return soft(context);
    } catch (error) {
      if (!(error instanceof UndefinedName)) throw error;
      context.scope = scope;
      context.out = out;
      context.mode = mode;
      return MISSING;
    }
  };
}

function compileCoalesce(operator: '??' | '???', left: Expr, right: Expr): Evaluate {
  const a = caught(left);
  const b = compileExpression(right).value;
  const keepsNull = operator === '???';
  return (context) => {
    const value = a(context);
    return value === MISSING || (value === null && !keepsNull) ? b(context) : value;
  };
}
