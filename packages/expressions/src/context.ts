import { shortened } from '@tiercel/model';
import { Failure, UndefinedName } from './errors.ts';
import { plainText, printed } from './print.ts';
import type { CompiledTemplate } from './evaluate.ts';
import type { LazyMap } from './values.ts';
import { mapGet, mapKeys, MISSING, type Value } from './values.ts';
import { DEFAULT_LIMITS, type RenderLimits, Work } from './work.ts';

export type Variables = Readonly<Record<string, Value>> | LazyMap;

export type IoResult = { readonly value: Value } | { readonly error: string };

/** Results of the I/O calls of this step. */
export interface IoMemo {
  get(key: string): IoResult | undefined;
}

/** Everything that a rendering takes from outside: this package has no clock, no randomness and no I/O of its own. */
export interface RenderEnv {
  /** Milliseconds since 1970; a fraction gives microseconds. */
  readonly now: () => number;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
  /** Monotonic milliseconds for the time limit; default: `now`. */
  readonly clock?: () => number;
  /** Secure random bytes, for `encrypt`; absent: it fails. */
  readonly randomBytes?: (count: number) => Uint8Array;
  /** The server's time zone, default `UTC`. */
  readonly zone?: string;
  /** The server's locale, default `en_US`. */
  readonly locale?: string;
  /** Recursive rendering (expressions.md §1.1), default false. */
  readonly recursive?: boolean;
  /** Absent: functions that need I/O fail. */
  readonly memo?: IoMemo;
  readonly limits?: Partial<RenderLimits>;
  /** Told every secret that is read, for masking. */
  readonly onSecret?: (value: string) => void;
}

/** A set of variables made by the template itself. */
export class Scope {
  readonly vars = new Map<string, Value>();
  readonly parent: Scope | undefined;
  /** A macro sees nothing outside of its scope. */
  readonly isolated: boolean;

  constructor(parent: Scope | undefined, isolated: boolean) {
    this.parent = parent;
    this.isolated = isolated;
  }
}

/** Where output goes: text in JSON form, text in plain form (inside macros, filter bodies, `block()`), or one value. */
export type OutputMode = 'json' | 'plain' | 'typed';

/** The state of one rendering of one template. */
export class Context {
  readonly env: RenderEnv;
  readonly root: Variables;
  readonly work: Work;
  readonly template: CompiledTemplate;
  scope: Scope | undefined;
  /** Offset of what is being evaluated, for errors. */
  position = 0;
  out = '';
  mode: OutputMode;
  /** The value in typed mode; MISSING as long as nothing was written. */
  typed: Value | typeof MISSING = MISSING;

  constructor(
    template: CompiledTemplate,
    root: Variables,
    env: RenderEnv,
    mode: OutputMode,
    work: Work,
    scope: Scope | undefined,
  ) {
    this.template = template;
    this.root = root;
    this.env = env;
    this.mode = mode;
    this.work = work;
    this.scope = scope;
  }

  /** The variable of that name, innermost first. */
  lookup(name: string): Value | typeof MISSING {
    for (let scope = this.scope; scope !== undefined; scope = scope.parent) {
      const value = scope.vars.get(name);
      if (value !== undefined) return value;
      if (scope.isolated) return MISSING;
    }
    return mapGet(this.root, name);
  }

  undefinedRoot(name: string, position: number): UndefinedName {
    return new UndefinedName(name, position, () => this.visibleNames());
  }

  private visibleNames(): string[] {
    const names: string[] = [];
    for (let scope = this.scope; scope !== undefined; scope = scope.parent) {
      names.push(...scope.vars.keys());
      if (scope.isolated) return names;
    }
    return [...names, ...mapKeys(this.root)];
  }

  /** `set`: changes the nearest variable made by the template, else makes one; engine variables are hidden (§16, E19). */
  assign(name: string, value: Value): void {
    let bottom: Scope | undefined;
    let isolated = false;
    for (let scope = this.scope; scope !== undefined; scope = scope.parent) {
      if (scope.vars.has(name)) {
        scope.vars.set(name, value);
        return;
      }
      bottom = scope;
      if (scope.isolated) {
        isolated = true;
        break;
      }
    }
    if (this.scope === undefined || bottom === undefined) {
      this.scope = new Scope(undefined, false);
      this.scope.vars.set(name, value);
    } else if (!isolated && mapGet(this.root, name) !== MISSING) {
      bottom.vars.set(name, value);
    } else {
      this.scope.vars.set(name, value);
    }
  }

  /** Runs `body` in an inner scope. */
  scoped(scope: Scope, body: () => void): void {
    // The outermost scope has to exist before an inner one, else a variable set inside could not outlive it.
    const outer = this.scope;
    this.scope = scope;
    try {
      body();
    } finally {
      this.scope = outer;
    }
  }

  /** The outermost scope of the template, made when it is first needed. */
  ensureScope(): Scope {
    this.scope ??= new Scope(undefined, false);
    return this.scope;
  }

  writeText(text: string): void {
    if (this.mode !== 'typed') {
      this.append(text);
    } else if (this.typed === MISSING || this.typed === null) {
      this.typed = text;
    } else if (typeof this.typed === 'string') {
      this.work.text(this.typed.length + text.length);
      this.typed += text;
    } else {
      throw typedFailure(text);
    }
  }

  writeValue(value: Value): void {
    if (this.mode === 'json') this.append(printed(value, this.work));
    else if (this.mode === 'plain') this.append(plainText(value, this.work));
    else if (this.typed === MISSING || this.typed === null) this.typed = value;
    else throw typedFailure(printed(value, this.work));
  }

  private append(text: string): void {
    this.out += text;
    if (this.out.length > this.work.limits.maxOutput) this.work.text(this.out.length);
  }

  /** What `body` prints, as text in plain form (expressions.md §4.3). */
  capture(body: () => void): string {
    const { out, mode } = this;
    this.out = '';
    this.mode = 'plain';
    try {
      body();
      return this.out;
    } finally {
      this.out = out;
      this.mode = mode;
    }
  }
}

function typedFailure(text: string): Failure {
  return new Failure(
    `Tried to add \`${shortened(text, 40)}\` to a value: an expression that gives a value stands alone`,
  );
}

export function makeWork(env: RenderEnv): Work {
  return new Work(
    env.limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...env.limits },
    env.clock ?? env.now,
  );
}
