import { invalidArgument } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';

/** OSS's diagnostic number for each kind of invalid list, where it documents one. */
export interface AdditionalHeadersErrors {
  readonly blank: string;
  readonly emptyName: string;
  readonly absent: string | undefined;
}

/**
 * Reads the names of the additional headers that a version 4 signature covers.
 *
 * @param list Names separated by semicolons; `undefined` if the request has no such list.
 * @throws {OssError} If the list is blank, or has an empty name or one of an absent header.
 * @see https://help.aliyun.com/en/oss/user-guide/0002-00000209, -00000210 and -00000211
 */
export function readAdditionalHeaders(
  list: string | undefined,
  { headers }: OssRequest,
  errors: AdditionalHeadersErrors,
): string[] {
  if (list === undefined) return [];
  const refuse = (ec: string | undefined) =>
    invalidArgument('The additional headers of the signature are not valid.', {
      ...(ec === undefined ? {} : { ec }),
      extras: { ArgumentName: 'AdditionalHeaders', ArgumentValue: list },
    });
  if (list.trim() === '') throw refuse(errors.blank);
  const names = list.split(';');
  if (names.some((name) => name.trim() === '' || name.includes('_'))) {
    throw refuse(errors.emptyName);
  }
  if (!names.every((name) => headers.has(name.toLowerCase()))) throw refuse(errors.absent);
  return names;
}
