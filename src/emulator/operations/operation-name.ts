/** Every operation the emulator tells apart, in the words faults and the request log use. */
export const operationNames = [
  'append',
  'seal',
  'put',
  'get',
  'head',
  'delete',
  'put-bucket',
] as const;

export type OperationName = (typeof operationNames)[number];
