// The linter's rule `tiercel/import-map`: import-map.json held over every import and, in pure rooms, over globals.
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge, judgeClock, judgeGlobal, placeOf, readHouse } from './rooms.mjs';

// The tests of this rule run it over a checkout of their own.
const root = process.env['TIERCEL_LINT_ROOT'] ?? fileURLToPath(new URL('../..', import.meta.url));
const house = readHouse(root);

/** True for `import type …` and for an import all of whose names are marked `type`. */
function typesOnly(node) {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const names = node.specifiers ?? [];
  return names.length > 0 && names.every((one) => (one.importKind ?? one.exportKind) === 'type');
}

function create(context) {
  const file = isAbsolute(context.filename) ? relative(root, context.filename) : context.filename;
  const place = placeOf(house, file.split(sep).join('/'));
  const report = (node, message) => message !== undefined && context.report({ node, message });
  const check = (node, source, types) => {
    if (typeof source?.value === 'string') report(source, judge(house, place, source.value, types));
  };
  const listeners = {
    ImportDeclaration: (node) => check(node, node.source, typesOnly(node)),
    ExportNamedDeclaration: (node) => check(node, node.source, typesOnly(node)),
    ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
    ImportExpression: (node) => check(node, node.source, false),
    TSImportType: (node) => check(node, node.source ?? node.argument?.literal, true),
  };
  return place.room?.pure ? { ...listeners, ...purity(context, place, report) } : listeners;
}

function purity(context, place, report) {
  const isGlobal = (node) => node.type === 'Identifier' && context.sourceCode.isGlobalReference(node);
  return {
    'Program:exit': () => {
      for (const { identifier, isTypeReference } of context.sourceCode.scopeManager.globalScope.through) {
        if (!isTypeReference) report(identifier, judgeGlobal(house, place, identifier.name));
      }
    },
    MemberExpression: (node) => {
      const name = `${node.object.name}.${node.property.name}`;
      if (['Date.now', 'Math.random'].includes(name) && isGlobal(node.object)) report(node, judgeClock(place, name));
    },
    NewExpression: (node) => {
      const now = node.callee.name === 'Date' && node.arguments.length === 0 && isGlobal(node.callee);
      if (now) report(node, judgeClock(place, 'new Date()'));
    },
  };
}

export default { meta: { name: 'tiercel' }, rules: { 'import-map': { create } } };
