import { constants } from 'node:os';
import { CredentialsError, OssServiceError } from '../errors.js';

/** What the process tells whoever started it. */
export const exitCode = {
  success: 0,

  /** Gave up: the message says what is committed. */
  failure: 1,
  usage: 2,

  /** Nothing was written, as the region, the endpoint, the bucket or the credentials do not fit. */
  configuration: 3,

  /** The deadline of a shutdown, or a second signal, came before everything was committed. */
  deadline: 99,
} as const;

export type TerminatingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** What shells expect of a process that a signal ended. */
export function exitCodeOfSignal(signal: TerminatingSignal | 'SIGPIPE'): number {
  return 128 + constants.signals[signal];
}

/** The command line asks for what cannot be done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Makes what a check throws the fault of the command line. */
export function asUsage<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Something that was set up outside the command line does not fit. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** @param bytesWritten Bytes that had been committed before. */
export function exitCodeOf(error: unknown, bytesWritten = 0): number {
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof ConfigurationError) return exitCode.configuration;
  const isConfiguration =
    (error instanceof CredentialsError && error.outcome === 'fatal') ||
    (error instanceof OssServiceError && isMisconfigured(error));
  return isConfiguration && bytesWritten === 0 ? exitCode.configuration : exitCode.failure;
}

/** Whether OSS says that another region, endpoint, bucket or key pair is needed, or permission. */
function isMisconfigured({ status, ossCode, outcome }: OssServiceError): boolean {
  if (outcome !== 'fatal' && outcome !== 'forbidden') return false;
  if (status === 404) return ossCode === 'NoSuchBucket';
  // A wrong region is a 400, and an answer to HEAD says no more than that.
  return status < 400 || [400, 401, 403].includes(status);
}
