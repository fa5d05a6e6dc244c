import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const program = fileURLToPath(new URL('build/test/soak/soak.js', root));

// Long enough for a slow machine; a run that hangs ends by itself.
const timeout = 180_000;

/** Runs the built program, with `preload` run before it in the same process. */
function soak(seconds: number, preload = ''): Promise<{ code: number | null; stdout: string }> {
  const execArgv = [
    '--expose-gc',
    '--import',
    `data:text/javascript,${encodeURIComponent(preload)}`,
  ];
  const flags = ['--seconds', String(seconds), '--seed', '4711'];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...execArgv, program, ...flags], (_, stdout) =>
      resolve({ code: child.exitCode, stdout }),
    );
  });
}

test('the soak finds no leak and no broken promise while streams are used in all ways', {
  timeout,
}, async () => {
  const { code, stdout } = await soak(6);

  expect(stdout).not.toContain('FAIL');
  for (const resource of ['heapUsed', 'external', 'arrayBuffers', 'rss']) {
    expect(stdout).toMatch(new RegExp(`^ok {3}${resource}: -?[0-9]`, 'm'));
  }
  expect(stdout).toMatch(/^ok {3}handles, timers, sockets, listeners, streams: as expected$/m);
  expect(stdout).toMatch(/^ok {3}rejections, exceptions, warnings: as expected$/m);
  expect(stdout).toMatch(/^ok {3}the process ended by itself$/m);
  expect(code).toBe(0);
});

const library = new URL('dist/index.js', root).href;

/** Runs `code` when the soak takes its first sample. */
const meanwhile = (code: string) => `
  const { gc } = globalThis;
  globalThis.gc = () => {
    globalThis.gc = gc;
    ${code};
  };`;

describe('the soak reports', () => {
  test.each([
    {
      defect: 'streams, listeners and timers that are left behind',
      preload: `
        import { AppendWritable } from '${library}';
        const { _destroy } = AppendWritable.prototype;
        globalThis.kept = [];
        AppendWritable.prototype._destroy = function (...args) {
          globalThis.kept.push(this);
          _destroy.apply(this, args);
        };
        EventTarget.prototype.removeEventListener = () => {};
        ${meanwhile('setInterval(() => {}, 60_000)')}`,
      notices: [
        / [0-9]{2,} streams in memory instead of 10$/m,
        / [0-9]{2,} listeners of the shared signal instead of 6$/m,
        / 3 active Timeout instead of 2$/m,
        /^FAIL the process does not end by itself/m,
      ],
    },
    {
      defect: 'warnings, rejections and exceptions',
      preload: meanwhile(`
        process.emitWarning('This is odd');
        Promise.reject(new Error('Not handled'));
        setImmediate(() => { throw new Error('Not caught'); })`),
      notices: [
        / Warning: This is odd$/m,
        / unhandled rejection: Error: Not handled$/m,
        / uncaught exception: Error: Not caught$/m,
      ],
    },
    {
      defect: 'a lost byte',
      preload: `
        import { AppendWritable } from '${library}';
        const { _write } = AppendWritable.prototype;
        AppendWritable.prototype._write = function (data, ...args) {
          _write.call(this, this.bytesWritten > 2000 ? data.slice(1) : data, ...args);
        };`,
      notices: [/^FAIL Violation: A stream broke a guarantee/m, /last requests for the object:$/m],
    },
  ])('$defect', { timeout }, async ({ preload, notices }) => {
    const { code, stdout } = await soak(1, preload);

    for (const notice of notices) expect(stdout).toMatch(notice);
    expect(code).toBe(1);
  });
});
