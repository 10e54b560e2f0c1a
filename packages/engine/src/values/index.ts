export { inputReader, type InputPorts, type InputReader } from './inputs.ts';
export { shownValue, ValueProblem } from './problem.ts';
export { readValue, type ValuePorts } from './read.ts';
export { hasExtension } from './rules.ts';
export { compareTimes, readTime, type TimeType } from './times.ts';
