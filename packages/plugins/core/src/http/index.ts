import { httpDownload } from './download.ts';
import { httpRequest } from './request.ts';

export const httpTasks = [httpRequest, httpDownload] as const;
