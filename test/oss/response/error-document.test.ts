import { describe, expect, test, vi } from 'vitest';

describe('loadErrorDocuments()', () => {
  const answer = {
    status: 409,
    headers: {},
    body: Buffer.from('<Error><Code>ObjectNotAppendable</Code></Error>'),
  };

  test('leaves documents empty where the parser cannot be loaded, and tries again', async () => {
    vi.resetModules();
    vi.doMock('../../../src/parse-xml.js', () => {
      throw new Error('EMFILE: too many open files');
    });
    const { loadErrorDocuments, readErrorDocument } = await import(
      '../../../src/oss/response/error-document.js'
    );

    await loadErrorDocuments();
    expect(readErrorDocument(answer).code).toBeUndefined();

    vi.doUnmock('../../../src/parse-xml.js');
    await loadErrorDocuments();
    expect(readErrorDocument(answer).code).toBe('ObjectNotAppendable');
  });
});
