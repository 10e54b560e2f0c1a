import { type RenderEnv, renderText, type Variables } from './index.ts';

/** An environment without surprises: a fixed clock and a seeded random generator. */
export function testEnv(changes: Partial<RenderEnv> = {}): RenderEnv {
  let seed = 42;
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  return {
    now: () => Date.UTC(2025, 0, 31, 10, 20, 30, 123),
    random,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
    ...changes,
  };
}

/** Renders with variables under `vars`. */
export function render(template: string, vars: Record<string, unknown> = {}, changes: Partial<RenderEnv> = {}): string {
  const variables: Variables = { vars };
  return renderText(template, variables, testEnv(changes));
}
