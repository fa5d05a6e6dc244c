import { constants } from 'node:os';
import { CredentialsError, OssServiceError } from '../errors.js';

/** Exit codes of the process. */
export const exitCode = {
  success: 0,

  /** Gave up: the message says how much is committed. */
  failure: 1,
  usage: 2,

  /** Nothing was written, because region, endpoint, bucket or credentials are wrong. */
  configuration: 3,

  /** The shutdown deadline passed, or a second signal came, before everything was committed. */
  deadline: 99,
} as const;

export type TerminatingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The exit code that shells report for a process ended by a signal. */
export function exitCodeOfSignal(signal: TerminatingSignal | 'SIGPIPE'): number {
  return 128 + constants.signals[signal];
}

/** The command line is invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Rethrows every error of `check` as a {@link UsageError}. */
export function asUsage<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Region, endpoint, credentials or the machine's set-up are wrong. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** @param bytesWritten Bytes committed before the error. */
export function exitCodeOf(error: unknown, bytesWritten = 0): number {
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof ConfigurationError) return exitCode.configuration;
  const isConfiguration =
    (error instanceof CredentialsError && error.outcome === 'fatal') ||
    (error instanceof OssServiceError && isMisconfigured(error));
  return isConfiguration && bytesWritten === 0 ? exitCode.configuration : exitCode.failure;
}

/** Whether OSS refuses because of the region, endpoint, bucket, key pair or permissions. */
function isMisconfigured({ status, ossCode, outcome }: OssServiceError): boolean {
  if (outcome !== 'fatal' && outcome !== 'forbidden') return false;
  if (status === 404) return ossCode === 'NoSuchBucket';
  // A wrong region is a 400, and the answer to a HEAD has no body with a code.
  return status < 400 || [400, 401, 403].includes(status);
}
