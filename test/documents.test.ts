import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { blockUnder, findBlocks, readDocument } from './helpers/document-blocks.js';
import {
  findDeadLinks,
  findDocuments,
  findTrackedPaths,
  linksOnNpm,
  repository,
} from './helpers/document-links.js';

const texts = new Map<string, string>();
for (const page of findDocuments()) texts.set(page, await readDocument(page));
const readme = texts.get('README.md') ?? '';

/** Blocks of one language under a heading, with the test that runs them or the reason why none does. */
interface Row {
  readonly page: string;
  readonly heading: string;
  readonly language: string;
  readonly indexes?: readonly number[];
  readonly runBy?: string;
  readonly reason?: string;
}

const emulator = { page: 'docs/emulator.md', runBy: 'docs-emulator' };
const logging = { page: 'docs/logging.md', language: 'js', runBy: 'docs-logging' };
const programs = { language: 'js', runBy: 'docs-programs' };
const commands = { language: 'console', runBy: 'docs-command-line' };

const rows: readonly Row[] = [
  { ...programs, page: 'README.md', heading: 'A stream' },
  { ...programs, page: 'README.md', heading: 'pino' },
  { ...commands, page: 'README.md', heading: 'Command line', language: 'sh' },
  { ...programs, page: 'docs/errors.md', heading: 'Send the rest again' },
  { ...programs, page: 'docs/errors.md', heading: 'Go on in the next object' },
  { ...programs, page: 'docs/long-lived.md', heading: 'A new object each day' },
  { ...programs, page: 'docs/long-lived.md', heading: 'Several writers on one object' },
  { ...programs, page: 'docs/long-lived.md', heading: 'When an object is finished' },
  { ...programs, page: 'docs/operations.md', heading: 'A new object each day' },
  { ...programs, page: 'docs/options.md', heading: 'STS, ECS roles and OIDC' },
  { ...programs, page: 'docs/options.md', heading: 'Events', language: 'ts' },
  { ...programs, page: 'docs/own-store.md', heading: 'Many streams, one client' },
  { ...programs, page: 'docs/reading.md', heading: 'Follow an object' },
  { ...programs, page: 'docs/reading.md', heading: 'Go on where it stopped' },
  { ...programs, page: 'docs/reliability.md', heading: 'When are bytes safe?' },
  { ...programs, page: 'docs/reliability.md', heading: 'A source that can be read again' },
  { ...commands, page: 'docs/command-line.md', heading: 'Usage', indexes: [1] },
  { ...commands, page: 'docs/command-line.md', heading: 'From one object to the next' },
  { ...commands, page: 'docs/command-line.md', heading: 'Replay' },
  { ...commands, page: 'docs/command-line.md', heading: 'Tail' },
  { ...commands, page: 'docs/emulator.md', heading: 'Emulator' },
  { ...emulator, heading: 'In a program', language: 'ts', runBy: 'examples' },
  { ...emulator, heading: 'In a test runner', language: 'js', indexes: [0, 1, 2, 3] },
  { ...emulator, heading: 'In a container and in CI', language: 'sh' },
  { ...emulator, heading: 'In a container and in CI', language: 'yaml' },
  { ...emulator, heading: 'In a container and in CI', language: 'dockerfile' },
  { ...logging, heading: 'pino', indexes: [0, 1, 2] },
  { ...logging, heading: 'Credentials for the worker', indexes: [0, 1] },
  { ...logging, heading: 'winston', indexes: [0, 1] },
  { ...logging, heading: 'Other sources of lines', indexes: [0, 1] },
  { ...logging, heading: 'When OSS is slow or gone', language: 'sh' },
  { ...logging, heading: 'Shutting down without losing lines', indexes: [0, 1, 2] },
  { ...logging, heading: 'Metrics', indexes: [0, 1] },
  { page: 'docs/operations.md', heading: 'Permissions', language: 'json', runBy: 'documents' },
  {
    page: 'docs/long-lived.md',
    heading: 'Deleting old objects',
    language: 'xml',
    runBy: 'documents',
  },
  // Types of JavaScript and TypeScript are checked here too.
  {
    page: 'docs/options.md',
    heading: 'STS, ECS roles and OIDC',
    language: 'js',
    indexes: [1],
    reason: 'needs an ECS instance and a role',
  },
  {
    page: 'docs/command-line.md',
    heading: 'Usage',
    language: 'console',
    reason: 'needs a camera',
  },
  {
    page: 'README.md',
    heading: 'See it work',
    language: 'sh',
    indexes: [0, 1],
    reason: '.ci/run does the same in a clean checkout',
  },
  {
    page: 'README.md',
    heading: 'Install',
    language: 'sh',
    reason: 'needs the published package',
  },
  {
    page: 'CONTRIBUTING.md',
    heading: 'One command',
    language: 'sh',
    indexes: [0, 1],
    reason: 'runs this test',
  },
  {
    page: 'CONTRIBUTING.md',
    heading: 'Simulation',
    language: 'sh',
    reason: 'takes minutes; test/simulation/ runs the same program for less time',
  },
  {
    page: 'docs/performance.md',
    heading: 'How it is measured',
    language: 'sh',
    reason: 'takes an hour; bench/test/ runs the same program for less time',
  },
];

describe('blocks of code', () => {
  test('are each run by a test, or excepted for a reason', () => {
    const shown = [...texts].flatMap(([page, text]) =>
      findBlocks(text)
        .filter(({ language }) => language !== '')
        .map(({ heading, language, index }) => `${page}, ${heading}, ${language} ${index}`),
    );
    const known = rows.flatMap(({ page, heading, language, indexes = [0] }) =>
      indexes.map((index) => `${page}, ${heading}, ${language} ${index}`),
    );

    expect(shown.toSorted()).toEqual(known.toSorted());
  });

  test('are run by tests that name the page and the heading', async () => {
    for (const { page, heading, runBy } of rows.filter((row) => row.runBy !== undefined)) {
      const source = await readDocument(`test/${runBy}.test.ts`);
      expect.soft(source, `test/${runBy}.test.ts`).toContain(`'${page}'`);
      expect.soft(source, `test/${runBy}.test.ts`).toContain(`'${heading}'`);
    }
  });

  test('name only scripts that package.json has', () => {
    const all = [...texts.values()].join('\n');
    const names = [...all.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);

    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
  });

  test('have a policy that is JSON', async () => {
    const policy = await blockUnder('docs/operations.md', 'Permissions', { language: 'json' });

    expect(JSON.parse(policy)).toMatchObject({ Statement: [{ Effect: 'Allow' }] });
  });

  test('have a lifecycle rule that is XML', async () => {
    const heading = 'Deleting old objects';
    const rule = await blockUnder('docs/long-lived.md', heading, { language: 'xml' });

    expect(XMLValidator.validate(rule)).toBe(true);
    expect(new XMLParser().parse(rule)).toMatchObject({
      LifecycleConfiguration: { Rule: { Prefix: 'app/', Expiration: { Days: 30 } } },
    });
  });
});

describe('links', () => {
  test.each([...texts])('of %s lead somewhere', (page, text) => {
    expect(findDeadLinks(page, text)).toEqual([]);
  });

  test('of the README lead somewhere on the page of npm', () => {
    const links = linksOnNpm(readme, packageJson.repository.url).map((link) => `[](${link})`);

    expect(links.length).toBeGreaterThan(20);
    expect(findDeadLinks('README.md', links.join('\n'))).toEqual([]);
  });

  test('of package.json lead to the repository', () => {
    expect(packageJson).toMatchObject({
      repository: { type: 'git', url: `git+${repository}.git` },
      homepage: `${repository}#readme`,
      bugs: `${repository}/issues`,
    });
  });

  test('lead from the README to every page', () => {
    const pages = [...texts.keys()].filter((page) => page !== 'README.md');
    const withoutResults = pages.filter((page) => !page.startsWith('bench/'));

    expect(withoutResults.filter((page) => !readme.includes(`](${page}`))).toEqual([]);
  });

  const raw = 'https://raw.githubusercontent.com/oss-append-stream/oss-append-stream/main';

  test.each([
    { dead: '[a](docs/nowhere.md)', reason: 'docs/nowhere.md is not tracked by git' },
    { dead: '[a](build)', reason: 'build is not tracked by git' },
    { dead: '[a](#nowhere)', reason: 'README.md has no heading for #nowhere' },
    {
      dead: '[a](docs/options.md#nowhere)',
      reason: 'docs/options.md has no heading for #nowhere',
    },
    {
      dead: `[a](${repository}/blob/main/nowhere.md)`,
      reason: 'nowhere.md is not tracked by git',
    },
    {
      dead: `[a](${repository}/blob/main/docs/options.md#nowhere)`,
      reason: 'docs/options.md has no heading for #nowhere',
    },
    { dead: `[a](${repository}/wiki)`, reason: `${repository}/wiki is no page of the repository` },
    {
      dead: `![a](${raw}/bench/results/nowhere.svg)`,
      reason: 'bench/results/nowhere.svg is not tracked by git',
    },
    {
      dead: '![a](bench/results/lines.svg)',
      reason: 'the image bench/results/lines.svg has no absolute address',
    },
    {
      dead: '<img src="bench/results/lines.svg">',
      reason: 'the image bench/results/lines.svg has no absolute address',
    },
  ])('that are dead are found: $dead', ({ dead, reason }) => {
    expect(findDeadLinks('README.md', dead)).toEqual([`README.md: ${reason}`]);
  });

  test.each([
    '# A heading, with `code`\n\n[a](#a-heading-with-code)',
    '# Twice\n\n# Twice\n\n[a](#twice-1)',
    '`[a](nowhere.md)`',
    '```\n[a](nowhere.md)\n```',
    '[a](https://github.com/oss-append-stream/oss-append-stream-tools)',
    `[a](${repository}/tree/main/examples)`,
    `![a](${raw}/bench/results/lines.svg)`,
  ])('that lead somewhere are not reported: %s', (text) => {
    expect(findDeadLinks('README.md', text)).toEqual([]);
  });
});

describe('the form of', () => {
  test('the README is short, and begins with the two commands', () => {
    const lines = readme.split('\n');

    expect(lines.length - 1).toBeLessThanOrEqual(200);
    expect(lines.indexOf('npm ci && npm run demo')).toBeLessThan(20);
    expect(lines.indexOf('npm ci && npm test')).toBeLessThan(20);
  });

  test.each([...texts].filter(([page]) => page.startsWith('docs/')))(
    '%s begins with what it answers, and lists its contents where it is long',
    (_page, text) => {
      const [title, , answer = '', , next = ''] = text.split('\n');

      expect(title).toMatch(/^# /);
      expect(answer.match(/[.:?]( |$)/g)?.length).toBeGreaterThan(1);
      expect(text.split('\n').length > 120 && !next.startsWith('- [')).toBe(false);
    },
  );

  test('the changelog is that of Common Changelog', () => {
    const text = texts.get('CHANGELOG.md') ?? '';
    const headings = [...text.matchAll(/^#+ .+$/gm)].map(String);
    const entries = text.split('\n').filter((line) => line.startsWith('-'));

    expect(headings[0]).toBe('# Changelog');
    for (const heading of headings.slice(1)) {
      expect(heading).toMatch(
        /^(## \d+\.\d+\.\d+ - (Unreleased|\d{4}-\d\d-\d\d)|### (Changed|Added|Removed|Fixed))$/,
      );
    }
    expect(headings[1]).toContain(`## ${packageJson.version} - `);
    for (const entry of entries)
      expect(entry).toMatch(/^- (\*\*Breaking:\*\* )?[A-Z][a-z]+ .*[^.]$/);
  });

  test('every document says nothing of the machine that it was written on', () => {
    for (const [page, text] of texts) {
      expect.soft(text, page).not.toMatch(/\/(tmp|work|root|Users)\/(?!$)\w/);
    }
  });
});

test('the charts that documents show are tracked', () => {
  const charts = [...findTrackedPaths()].filter((path) => path.startsWith('bench/results/'));
  const all = [...texts.values()].join('\n');

  expect(charts.length).toBeGreaterThan(4);
  expect(charts.filter((path) => !all.includes(path))).toEqual([]);
});
