/** All operations of the emulator, with their names in faults and the request log. */
export const operationNames = [
  'append',
  'seal',
  'put',
  'get',
  'head',
  'delete',
  'delete-objects',
  'object-meta',
  'object-acl',
  'put-object-acl',
  'object-tagging',
  'put-bucket',
  'delete-bucket',
  'bucket-acl',
  'bucket-info',
  'bucket-location',
  'list',
  'list-versions',
  'list-buckets',
  'list-uploads',
  'list-live-channels',
] as const;

export type OperationName = (typeof operationNames)[number];
