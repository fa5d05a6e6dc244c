import { readListText, readMaxKeys } from '../listing/list-parameters.js';
import { xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/**
 * There are no live channels in the emulator, so there are none to list; but who clears up a
 * bucket asks.
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
