import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../helpers/command-line.js';

describe('help', () => {
  test.each([
    [['--help'], 'Usage: oss-append [options] oss://bucket/key [file...]'],
    [['help', 'stat'], 'Usage: oss-append stat [options] <oss://bucket/key>'],
    [['stat', '--help'], 'Usage: oss-append stat [options] <oss://bucket/key>'],
    [['cat', '--help'], 'Usage: oss-append cat [options] <oss://bucket/key>'],
    [['tail', '--help'], 'Usage: oss-append tail [options] <oss://bucket/key>'],
    [['convert', '--help'], 'Usage: oss-append convert [options] <source> <oss://bucket/key>'],
    [['seal', '--help'], 'Usage: oss-append seal [options] <oss://bucket/key>'],
    [['replay', '--help'], 'Usage: oss-append replay [options] <file> [oss://bucket/key]'],
    [['emulate', '--help'], 'Usage: oss-append emulate [options]'],
  ])('%j prints the usage within 80 columns', async (args, usage) => {
    const { exitCode, stdout, stderr } = await runCommand(args);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.startsWith(usage)).toBe(true);
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test.each([[[]], [['stat']], [['cat']], [['tail']], [['convert']], [['seal']], [['replay']]])(
    'of %j names the variables of proxies and --credentials',
    async (command) => {
      const { stdout } = await runCommand([...command, '--help']);

      expect(stdout).toContain('Proxies are read from HTTPS_PROXY, HTTP_PROXY and NO_PROXY');
      expect(stdout).toContain('--credentials <module>');
    },
  );

  test('describes every option', async () => {
    const { stdout } = await runCommand(['--help']);

    const flags = stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)(.*)$/gm);
    const undescribed = [...flags].filter(([, , rest]) => !/ {2}\S/.test(rest ?? ''));
    expect(undescribed.map(([, flag]) => flag)).toEqual([]);
  });

  test('prints the version of the package with --version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));

    expect(await runCommand(['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  });
});
