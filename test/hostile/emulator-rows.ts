import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostileRequest, requestText, tell, type Verdict } from './emulator-client.js';
import { type GuardedEmulator, startGuarded, ways } from './emulator-guard.js';

/** A request, and the verdict if it is signed correctly. */
export interface Row {
  readonly scenario: string;
  readonly request: HostileRequest;
  readonly verdict: Verdict;
}

/**
 * Sends each request to an emulator that checks signatures, signed and then unsigned, and to
 * one that does not check them. Verifies after each request that the emulator is intact.
 */
export function testRows(rows: readonly Row[]): void {
  describe.each(ways)('with $way', (way) => {
    let guarded: GuardedEmulator;
    beforeAll(async () => {
      guarded = await startGuarded(way);
    });
    afterAll(() => guarded[Symbol.asyncDispose]());

    test.each(rows)('$scenario', async ({ request, verdict }) => {
      const { emulator } = guarded;
      const { method } = request;

      expect(await tell(emulator, requestText(emulator, request), method)).toEqual(verdict);

      if (way.checksSignatures) {
        const unsigned = requestText(emulator, { ...request, isSigned: false });
        const { status } = await tell(emulator, unsigned, method);
        expect(status === 'closed' || status >= 400).toBe(true);
      }
      await guarded.assertUnharmed();
    });
  });
}
