/** Details of an {@link OssError} in addition to its code and message. */
export interface OssErrorDetails {
  /** OSS's diagnostic number, sent as `x-oss-ec`. Omitted if OSS documents none. */
  readonly ec?: string;

  /** Elements added to the error document, in order. */
  readonly extras?: Readonly<Record<string, string>>;

  /** Headers added to the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as OSS reports it; sent as an error document. */
export class OssError extends Error {
  override readonly name = 'OssError';
  readonly status: number;
  readonly code: string;
  readonly details: OssErrorDetails;

  constructor(status: number, code: string, message: string, details: OssErrorDetails = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export function invalidArgument(message: string, details?: OssErrorDetails): OssError {
  return new OssError(400, 'InvalidArgument', message, details);
}

/** The error for an invalid value in a header or the query. */
export function invalidValue(name: string, value: string): OssError {
  return invalidArgument(`The argument of ${name} is not valid.`, {
    extras: { ArgumentName: name, ArgumentValue: value },
  });
}

/** @param ec Omitted if OSS documents none. */
export function missingArgument(name: string, ec?: string): OssError {
  return new OssError(400, 'MissingArgument', 'Missing Some Required Arguments.', {
    ...(ec === undefined ? {} : { ec }),
    extras: { ArgumentName: name },
  });
}

/** @param actualLength Length of the object, the next append position. */
export function positionNotEqualToLength(actualLength: number): OssError {
  return new OssError(409, 'PositionNotEqualToLength', 'Position is not equal to file length', {
    ec: '0026-00000016',
    headers: { 'x-oss-next-append-position': String(actualLength) },
  });
}

export function noSuchKey(key: string): OssError {
  return new OssError(404, 'NoSuchKey', 'The specified key does not exist.', {
    ec: '0026-00000001',
    extras: { Key: key },
  });
}

export function noSuchBucket(bucket: string): OssError {
  return new OssError(404, 'NoSuchBucket', 'The specified bucket does not exist.', {
    ec: '0015-00000101',
    extras: { BucketName: bucket },
  });
}

export function accessDenied(message: string): OssError {
  return new OssError(403, 'AccessDenied', message, { ec: '0003-00000001' });
}

export function internalError(
  message = 'Please contact the server administrator, oss@service.aliyun.com.',
): OssError {
  return new OssError(500, 'InternalError', message);
}

export function entityTooLarge(): OssError {
  return new OssError(
    400,
    'EntityTooLarge',
    'Your proposed upload exceeds the maximum allowed size.',
    { ec: '0006-00000003' },
  );
}
