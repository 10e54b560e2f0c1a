const PACKAGE = 'io.kestra.plugin.core.condition.';
const OLD_PACKAGE = 'io.kestra.core.models.conditions.types.';

export const nameOf = (word: string): string => PACKAGE + word;

/**
 * Older names of a condition: with the suffix `Condition`, here and (`old`) in the package where the first versions had it.
 * `oldWord`: what it was called there, when that was something else.
 */
export const aliasesOf = (word: string, old?: 'old', oldWord: string = word): readonly string[] => [
  `${PACKAGE}${word}Condition`,
  ...(old === undefined ? [] : [`${OLD_PACKAGE}${oldWord}Condition`]),
];

/** Older name of a condition whose name has the suffix still. */
export const oldName = (word: string): readonly string[] => [OLD_PACKAGE + word];
