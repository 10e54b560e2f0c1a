export { isFlowFile, listFlowFiles, type FlowFolderListing, type FoundFlowFile } from './flow-files.ts';
export { splitDocuments } from '../yaml/documents.ts';
