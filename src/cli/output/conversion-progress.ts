import type { Conversion } from '../../convert/conversion.js';
import { formatByteSize } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { noticeOutage } from './outage-notice.js';
import { ProgressLine } from './progress-line.js';
import { canShowProgress, StatusLine } from './status-line.js';

/** Shows how far a conversion has got: on a terminal, or else only that OSS is out of reach. */
export interface ConversionProgress {
  /** Shows how much of the new object has been compared. */
  compare(conversion: Conversion): void;

  /** Shows from now on how much has been appended. */
  append(stream: AppendWritable, conversion: Conversion): void;
  close(): void;
}

export function showConversion(): ConversionProgress {
  if (!canShowProgress()) return { compare() {}, append: noticeOutage, close() {} };
  let line: Pick<StatusLine, 'close'> | undefined;
  return {
    compare(conversion) {
      line = new StatusLine(() => [
        `${formatByteSize(conversion.bytesCompared)} of ${formatByteSize(conversion.bytesPresent)} compared`,
      ]);
    },
    append(stream, { length }) {
      line?.close();
      line = new ProgressLine(stream, length);
    },
    close() {
      line?.close();
    },
  };
}
