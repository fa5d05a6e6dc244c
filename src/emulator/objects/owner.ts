import type { XmlElement } from '../protocol/xml-document.js';

/** The account everything in the emulator belongs to. */
const accountId = '1234567890123456';

/** OSS's `DisplayName` is the ID again. */
export const owner: XmlElement = [
  'Owner',
  [
    ['ID', accountId],
    ['DisplayName', accountId],
  ],
];
