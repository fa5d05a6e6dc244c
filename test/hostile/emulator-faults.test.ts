import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { type Fault, startEmulator } from '../../src/emulator/index.js';

const nonsense: readonly (readonly [what: string, fault: unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['a string', 'drop-answer'],
  ['a number', 5],
  ['a list', ['drop-answer']],
  ['a function', () => 'drop-answer'],
  ['no kind', { operation: 'append' }],
  ['an inherited kind', Object.create({ kind: 'drop-answer' })],
  ["a kind that is a name of Object's prototype", { kind: 'constructor' }],
  ['a kind in a list', { kind: ['drop-answer'] }],
  ['a kind that is a symbol', { kind: Symbol('drop-answer') }],
  ['a kind without a prototype', { kind: Object.create(null) }],
  ['an operation that is null', { kind: 'delay', operation: null }],
  ["an operation that is a name of Object's prototype", { kind: 'delay', operation: 'toString' }],
  ['a key that is a symbol', { kind: 'delay', key: Symbol('a') }],
  ['a key without a prototype', { kind: 'delay', key: Object.create(null) }],
  ['a key that is null', { kind: 'delay', key: null }],
  ['nth 0', { kind: 'delay', nth: 0 }],
  ['nth -1', { kind: 'delay', nth: -1 }],
  ['nth NaN', { kind: 'delay', nth: Number.NaN }],
  ['nth as a bigint', { kind: 'delay', nth: 1n }],
  ['nth as a boxed number', { kind: 'delay', nth: Object(1) }],
  ['times 0', { kind: 'delay', times: 0 }],
  ['times 0.5', { kind: 'delay', times: 0.5 }],
  ['a negative probability', { kind: 'delay', probability: -Number.EPSILON }],
  ['a probability of NaN', { kind: 'delay', probability: Number.NaN }],
  ['a delay beyond the range of timers', { kind: 'delay', delay: 2 ** 31 }],
  ['an infinite delay', { kind: 'delay', delay: Number.POSITIVE_INFINITY }],
  ['a delay that is a symbol', { kind: 'delay', delay: Symbol('1s') }],
];

describe('faults.add()', () => {
  test.each(nonsense)('refuses %s with a reason, and adds nothing', async (_, fault) => {
    await using emulator = await startEmulator({ credentials: null });

    const error = errorOf(() => emulator.faults.add(fault as Fault));
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    expect(String(error)).toContain("Error: Cannot add a fault as '");
    expect((await fetch(`${emulator.endpoint}/examplebucket/`)).status).toBe(200);
    await expect(startEmulator({ faults: [fault as Fault] })).rejects.toThrow('Cannot add a fault');
  });

  test('reads each property once, so that a getter cannot change the fault afterwards', async () => {
    await using emulator = await startEmulator({ credentials: null });
    const kinds = ['forbid', 'nonsense'];

    emulator.faults.add({
      get kind() {
        return kinds.shift() as Fault['kind'];
      },
    });

    expect((await fetch(`${emulator.endpoint}/examplebucket/`)).status).toBe(403);
  });
});

function errorOf(throwing: () => unknown): unknown {
  try {
    return throwing();
  } catch (error) {
    return error;
  }
}

describe('emulate --fault', () => {
  test.each([
    '',
    'kind',
    '=x',
    'kind=',
    'kind=drop-answer,',
    'kind=nonsense',
    'nth=1',
    'kind=delay,nth=',
    'kind=delay,nth=x',
    'kind=delay,nth=0',
    'kind=delay,times=-1',
    'kind=delay,probability=1.01',
    'kind=delay,delay=-1',
    'kind=delay,delay=9e99d',
    'kind=delay,operation=copy',
    'kind=early-conflict,operation=head',
    '__proto__=1',
    'constructor=1',
    'kind=delay,k=1',
  ])('%j exits with 2 before the emulator listens', async (fault) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());

    expect(await runProgram(['emulate', '--fault', fault])).toBe(2);

    expect(String(written.mock.calls[0]?.[0])).toMatch(/^oss-append: /);
    expect(printed).not.toHaveBeenCalled();
  });
});
