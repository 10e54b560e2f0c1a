// Judges imports by import-map.json: plain functions over paths and specifiers. plugin.mjs calls them from the linter.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';

/** What the rules need to know of a checkout. */
export function readHouse(root) {
  const map = JSON.parse(readFileSync(join(root, 'import-map.json'), 'utf8'));
  const folders = [
    '.',
    'test',
    ...['packages', 'packages/plugins', 'services'].flatMap((parent) => below(root, parent)),
  ];
  const members = folders.map((folder) => member(root, folder)).filter((found) => found !== undefined);
  return {
    map,
    tests: map.tests.files.map((source) => new RegExp(source)),
    byName: new Map(members.map((one) => [one.name, one])),
    byFolder: new Map(members.map((one) => [one.folder, one])),
  };
}

function below(root, parent) {
  const path = join(root, parent);
  return existsSync(path) ? readdirSync(path).map((name) => `${parent}/${name}`) : [];
}

function member(root, folder) {
  const path = join(root, folder, 'package.json');
  if (!existsSync(path)) return undefined;
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  return {
    folder,
    name: manifest.name,
    exports: new Set(Object.keys(manifest.exports ?? {})),
    dependencies: new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
  };
}

/** Where a file lives, by its path from the root: its room, its workspace package, and whether it is a test. */
export function placeOf(house, file) {
  const roomKey = Object.keys(house.map.rooms).find((key) => file.startsWith(`${key}/`));
  let folder = posix.dirname(file);
  while (folder !== '.' && !house.byFolder.has(folder)) folder = posix.dirname(folder);
  const room = roomKey === undefined ? undefined : house.map.rooms[roomKey];
  const isTest = house.tests.some((pattern) => pattern.test(file));
  return {
    file,
    roomKey,
    room,
    owner: house.byFolder.get(folder),
    isTest,
    devAllowed: isTest || room?.forTests === true,
  };
}

/** What is wrong with an import, as a sentence; undefined when nothing is. */
export function judge(house, place, specifier, typeOnly) {
  if (place.room === undefined && !place.isTest) return undefined;
  if (specifier.startsWith('.')) return judgeRelative(house, place, specifier);
  const name = packageName(specifier);
  if (house.byName.has(name) && name !== place.owner?.name) {
    return judgeWorkspace(house, place, specifier, name, typeOnly) ?? judgeDeclared(house, place, name, typeOnly);
  }
  if (name === place.owner?.name) return `A package imports its own files by relative paths, not as ${name}.`;
  if (isBuiltin(specifier)) return judgeBuiltin(place, specifier);
  return judgeLibrary(house, place, name) ?? judgeDeclared(house, place, name, typeOnly);
}

const packageName = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** The name of a package in the map: its room's folder name (every plugin group is `plugins`). */
const roomName = (folder) => (folder.startsWith('packages/plugins/') ? 'plugins' : posix.basename(folder));

function judgeRelative(house, place, specifier) {
  const target = posix.normalize(posix.join(dirname(place.file), specifier));
  const home = place.owner?.folder ?? '.';
  if (home === '.' ? !target.startsWith('..') : target.startsWith(`${home}/`)) return undefined;
  if (place.room?.scripts && target.startsWith('scripts/')) return undefined;
  return `${specifier} leaves ${home}; import the other package by its name.`;
}

function judgeWorkspace(house, place, specifier, name, typeOnly) {
  const target = house.byName.get(name);
  const subpath = specifier.slice(name.length);
  if (!target.exports.has(`.${subpath}`)) return `${specifier} is not among the exports of ${name}.`;
  if (target.folder.startsWith('services/'))
    return place.room?.services ? undefined : 'Services are never imported, except by cli and test.';
  const { tests } = house.map;
  const forTests = tests.packages.includes(roomName(target.folder)) || tests.subpaths.includes(subpath.slice(1));
  if (forTests) return place.devAllowed ? undefined : `${specifier} is for tests only.`;
  if (place.isTest) return undefined;
  return judgeDirection(place, roomName(target.folder), typeOnly);
}

function judgeDirection(place, target, typeOnly) {
  const { may, typesOnly = [] } = place.room;
  if (!may.includes('*') && !may.includes(target)) {
    return `${place.roomKey} may not import ${target}; it may import ${may.join(', ') || 'no package of ours'} (import-map.json).`;
  }
  if (!typeOnly && typesOnly.includes(target))
    return `${place.roomKey} may import only types of ${target} (import type).`;
  return undefined;
}

function judgeBuiltin(place, specifier) {
  if (place.room?.pure && !place.isTest) return `${place.roomKey} is pure: no Node module (${specifier}).`;
  return specifier.startsWith('node:') ? undefined : `Write node:${specifier}.`;
}

function judgeLibrary(house, place, name) {
  const owner = house.map.onlyUsers.find((rule) =>
    rule.modules.some((one) => name === one || name.startsWith(`${one}/`)),
  );
  if (owner === undefined || owner.rooms.includes(place.roomKey) || place.owner?.folder === '.') return undefined;
  return `Only ${owner.rooms.join(', ')} may use ${name}.`;
}

function judgeDeclared(house, place, name, typeOnly) {
  const { owner } = place;
  if (owner === undefined || owner.dependencies.has(name)) return undefined;
  const dev = owner.devDependencies.has(name) || house.byFolder.get('.')?.devDependencies.has(name);
  if (!dev) return `${name} is not among the dependencies of ${owner.name}.`;
  if (place.devAllowed || typeOnly) return undefined;
  return `${name} is only a development dependency of ${owner.name}.`;
}

const IMPURE = new Set(
  'process Buffer global globalThis require setTimeout setInterval setImmediate queueMicrotask fetch performance crypto'.split(
    ' ',
  ),
);

/** Why a pure room may not use a global; undefined when it may. */
export function judgeGlobal(house, place, name) {
  if (!place.room?.pure || place.isTest || !IMPURE.has(name)) return undefined;
  if (house.map.globalsOf[place.file]?.includes(name)) return undefined;
  return `${place.roomKey} is pure: no ${name}. Time, randomness and I/O come in as arguments.`;
}

/** The same for `Date.now()`, `new Date()` and `Math.random()`. */
export function judgeClock(place, what) {
  if (!place.room?.pure || place.isTest) return undefined;
  return `${place.roomKey} is pure: no ${what}. Time and randomness come in as arguments.`;
}
