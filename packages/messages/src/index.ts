export { durationText, renderReport, type ReportOptions } from './report.ts';
export { timelineOf, type Bar, type Segment } from './timeline.ts';
