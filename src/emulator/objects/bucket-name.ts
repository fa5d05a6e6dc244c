/**
 * Whether OSS accepts `name` for a new bucket. Such a name is also safe as the name of a folder.
 *
 * @see https://help.aliyun.com/zh/oss/user-guide/bucket-naming-conventions
 */
export function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name);
}
