export type { EmulatorCredentials } from './authorization/authorization.js';
export type { RequestRecord } from './emulation.js';
export { type Emulator, type EmulatorFaults, startEmulator } from './emulator.js';
export type { EmulatorOptions } from './emulator-options.js';
export { type Fault, type FaultKind, faultKinds } from './faults/fault.js';
export { type OperationName, operationNames } from './operations/operation-name.js';
export type { FileSystem, OpenFile } from './storage/file-system.js';
