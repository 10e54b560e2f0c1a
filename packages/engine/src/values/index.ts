export { inputReader, type InputPorts, type InputReader } from './inputs.ts';
export { HIDDEN, shownValue, ValueProblem } from './problem.ts';
export { readValue, textOf, type ValuePorts } from './read.ts';
export { hasExtension } from './rules.ts';
export { compareTimes, readTime, type TimeType } from './times.ts';
