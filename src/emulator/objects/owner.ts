import type { XmlElement } from '../protocol/xml-document.js';

/** The account that owns everything in the emulator. */
const accountId = '1234567890123456';

/** In OSS, `DisplayName` equals `ID`. */
export const owner: XmlElement = [
  'Owner',
  [
    ['ID', accountId],
    ['DisplayName', accountId],
  ],
];
