import { closestMatch } from 'leven';
import type { AppendWritableOptions } from './stream-options.js';

/** Every option of {@link AppendWritableOptions}; the compiler sees that none is missing. */
const names = {
  bucket: true,
  region: true,
  endpoint: true,
  internal: true,
  addressing: true,
  credentials: true,
  dispatcher: true,
  proxy: true,
  requestTimeout: true,
  key: true,
  client: true,
  flags: true,
  position: true,
  chunkSize: true,
  flushInterval: true,
  highWaterMark: true,
  verify: true,
  retry: true,
  requestPayer: true,
  trafficLimit: true,
  signal: true,
  defaultEncoding: true,
  emitClose: true,
  autoDestroy: true,
  captureRejections: true,
  contentType: true,
  cacheControl: true,
  contentDisposition: true,
  contentEncoding: true,
  expires: true,
  acl: true,
  storageClass: true,
  metadata: true,
  tagging: true,
  serverSideEncryption: true,
} satisfies Record<keyof AppendWritableOptions, true>;

export const appendOptionNames: readonly string[] = Object.keys(names);

/** Names that were warned of: once in a process, however many streams there are. */
const warned = new Set<string>();

/**
 * Warns of names that differ from an option's only by case or by a letter or two. All other unknown
 * names are left alone, since loggers and frameworks add some of their own.
 */
export function warnOfMisspelt(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const isCase = (other: string) => other.toLowerCase() === name.toLowerCase();
    // Two letters of a short name are most of it.
    const maxDistance = name.length < 6 ? 1 : 2;
    const meant = known.find(isCase) ?? closestMatch(name, [...known], { maxDistance });
    if (meant !== undefined) warn(name, meant);
  }
}

/** Warns of every name that an option with options of its own does not know: nobody adds any there. */
export function warnOfUnknown(path: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    warn(`${path}.${name}`, `${path}.${closestMatch(name, [...known]) ?? known[0]}`);
  }
}

function warn(name: string, meant: string): void {
  if (warned.has(name)) return;
  warned.add(name);
  process.emitWarning(`There is no option '${name}': '${meant}' is meant`, {
    type: 'OssAppendStreamWarning',
    code: 'APPEND_WARN_OPTION',
  });
}
