import type { Args, Expr, ExprOf, Macro, Statement } from '../nodes.ts';
import { doubleText, plainDigits } from '../numbers.ts';
import { PRECEDENCE } from '../parser-expressions.ts';
import { isInteger, toDouble, type Value } from '../values.ts';

/**
 * Writes a syntax tree as a template that parses to the same tree: what the tests of the parser are held against. Throws where
 * the language has no way to write something (a text that ends with one backslash).
 */
export function printSource(statements: readonly Statement[]): string {
  return withTextsJoined(statements).map(printStatement).join('');
}

/** A text and a `verbatim` block beside it are one text, however they were written. */
function withTextsJoined(statements: readonly Statement[]): Statement[] {
  const result: Statement[] = [];
  for (const statement of statements) {
    const last = result.at(-1);
    if (statement.kind !== 'text' || last?.kind !== 'text') result.push(statement);
    else result[result.length - 1] = { kind: 'text', text: last.text + statement.text };
  }
  return result;
}

function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'text':
      return printText(statement.text);
    case 'print':
      return `{{ ${printExpr(statement.value)} }}`;
    case 'if': {
      const branches = statement.branches.map(
        ({ condition, body }, index) =>
          `{% ${index === 0 ? 'if' : 'elseif'} ${printExpr(condition)} %}${printSource(body)}`,
      );
      return `${branches.join('')}${printElse(statement.otherwise)}{% endif %}`;
    }
    case 'for':
      return `{% for ${statement.name} in ${printExpr(statement.items)} %}${printSource(statement.body)}${printElse(statement.otherwise)}{% endfor %}`;
    case 'set':
      return `{% set ${statement.name} = ${printExpr(statement.value)} %}`;
    case 'macro':
      return printMacro(statement.macro);
    case 'filter': {
      const calls = statement.filters.map(({ name, args }) => name + printArgs(args)).join(' | ');
      return `{% filter ${calls} %}${printSource(statement.body)}{% endfilter %}`;
    }
    case 'block':
      return `{% block ${printString(statement.name)} %}${printSource(statement.body)}{% endblock %}`;
  }
}

function printElse(otherwise: readonly Statement[]): string {
  return otherwise.length === 0 ? '' : `{% else %}${printSource(otherwise)}`;
}

function printMacro({ name, parameters, body }: Macro): string {
  const written = parameters.map(({ name: parameter, fallback }) =>
    fallback === undefined ? parameter : `${parameter}=${printExpr(fallback)}`,
  );
  return `{% macro ${name}(${written.join(', ')}) %}${printSource(body)}{% endmacro %}`;
}

/** Text with a brace goes into `verbatim`, whose white space at the start is dropped and so stands in front of it. */
function printText(text: string): string {
  if (!text.includes('{')) return text;
  const start = text.length - text.trimStart().length;
  const parts = text.slice(start).split(/(?<=endv)(?=erbatim)/);
  return text.slice(0, start) + parts.map((part) => `{% verbatim %}${part}{% endverbatim %}`).join('');
}

const UNARY = 500;
const OPERAND = 1000;

/** How strongly an expression holds together. */
function strength(expr: Expr): number {
  switch (expr.kind) {
    case 'ternary':
      return 0;
    case 'binary':
      return PRECEDENCE.get(expr.operator) ?? 0;
    case 'filter':
      return PRECEDENCE.get('|') ?? 0;
    case 'test':
      return PRECEDENCE.get('is') ?? 0;
    case 'unary':
      return UNARY;
    default:
      return OPERAND;
  }
}

/** An expression, in brackets where it would not hold together at its place. */
function printExpr(expr: Expr, least = 0): string {
  const text = printBare(expr);
  return strength(expr) < least ? `(${text})` : text;
}

function printBare(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return printLiteral(expr.value);
    case 'name':
      return expr.name;
    case 'attribute':
      return `${printBase(expr.base)}.${expr.name}${expr.args === undefined ? '' : printCall(expr.args)}`;
    case 'subscript':
      return `${printBase(expr.base)}[${printExpr(expr.index)}]`;
    case 'call':
      return expr.name + printCall(expr.args);
    case 'unary':
      return `${expr.operator} ${printExpr(expr.operand, UNARY)}`;
    case 'binary': {
      const own = strength(expr);
      return `${printExpr(expr.left, own)} ${expr.operator} ${printExpr(expr.right, own + 1)}`;
    }
    case 'filter':
      return `${printExpr(expr.input, strength(expr))} | ${expr.name}${printArgs(expr.args)}`;
    case 'test':
      return `${printExpr(expr.input, strength(expr))} ${expr.negated ? 'is not' : 'is'} ${expr.name}${printArgs(expr.args)}`;
    case 'ternary':
      return `${printExpr(expr.condition, 1)} ? ${printExpr(expr.yes)} : ${printExpr(expr.no)}`;
    case 'list':
      return `[${expr.items.map((item) => printExpr(item)).join(', ')}]`;
    case 'map':
      return `{${expr.entries.map(([key, value]) => `${printExpr(key)}: ${printExpr(value)}`).join(', ')}}`;
    case 'interpolation':
      return `"${expr.parts.map(printPart).join('')}"`;
  }
}

/** What stands in front of `.` or `[`; lists and maps take neither without brackets (expressions.md §3.1). */
function printBase(base: Expr): string {
  return base.kind === 'list' || base.kind === 'map' ? `(${printBare(base)})` : printExpr(base, OPERAND);
}

function printPart(part: ExprOf<'interpolation'>['parts'][number]): string {
  return `#{${printExpr(part)}}`;
}

const printArgs = (args: Args): string => (args.positional.length + args.named.length === 0 ? '' : printCall(args));

function printCall({ positional, named }: Args): string {
  const written = [
    ...positional.map((arg) => printExpr(arg)),
    ...named.map(([name, value]) => `${name}=${printExpr(value)}`),
  ];
  return `(${written.join(', ')})`;
}

function printLiteral(value: Value): string {
  if (typeof value === 'string') return printString(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isInteger(value)) return String(value);
  const number = toDouble(value);
  if (number === Number.POSITIVE_INFINITY) return `1${'0'.repeat(400)}.0`;
  const digits = plainDigits(doubleText(number));
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** A text in the quotes that can hold it: only a backslash before the text's own quote is an escape (expressions.md §2.3). */
function printString(text: string): string {
  if (fits(text, "'")) return `'${text.replaceAll("'", "\\'")}'`;
  if (fits(text, '"') && !text.includes('#')) return `"${text.replaceAll('"', '\\"')}"`;
  throw new Error(`${JSON.stringify(text)} can not be written in a template`);
}

/** An odd number of backslashes before a quote or at the end would take it away. */
const fits = (text: string, quote: string): boolean =>
  (text + quote).split(quote).every((piece) => /\\*$/.exec(piece)![0].length % 2 === 0);
