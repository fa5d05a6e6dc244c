import { readListText, readMaxKeys } from '../listing/list-parameters.js';
import { xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/**
 * Always empty: the emulator has no live channels, but tools that empty a bucket list them.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/listlivechannel
 */
export const listLiveChannels: Operation = {
  name: 'list-live-channels',
  method: 'GET',
  target: 'bucket',
  flag: 'live',
  readsBody: false,

  async apply({ request }) {
    return xmlAnswer([
      'ListLiveChannelResult',
      [
        ['Prefix', readListText(request, 'prefix')],
        ['Marker', readListText(request, 'marker')],
        ['MaxKeys', String(readMaxKeys(request))],
        ['IsTruncated', 'false'],
      ],
    ]);
  },
};
