export { isFlowFile, listFlowFiles, type FlowFolderListing, type FoundFlowFile } from './flow-files.ts';
