/** An answer other than success, with S3's own code. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'S3Refusal';
    this.status = status;
    this.code = code;
  }
}

export const noSuchKey = (): S3Refusal => new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
export const noSuchUpload = (): S3Refusal => new S3Refusal(404, 'NoSuchUpload', 'The upload does not exist.');
