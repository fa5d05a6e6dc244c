import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the repository is, as `package.json` names it. */
export const repository = 'https://github.com/oss-append-stream/oss-append-stream';

/** Where GitHub serves files as they are. */
const raw = 'https://raw.githubusercontent.com/oss-append-stream/oss-append-stream';

/** Pages of the repository that are no files. */
const pages = new Set(['', '/issues', '/security/advisories/new']);

/** Paths that git tracks; the folders too. */
export function findTrackedPaths(): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const file of trackedFiles()) {
    for (let path = file; path !== '.'; path = dirname(path)) paths.add(path);
  }
  return paths;
}

function trackedFiles(): readonly string[] {
  // An archive of the sources has no repository: there every file counts.
  if (!existsSync(join(root, '.git'))) {
    return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (path) => !/^(node_modules|dist|build|bench\/node_modules)\//.test(path),
    );
  }
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  return files.split('\0').filter((path) => path !== '');
}

/** Every document, by its path from the root. */
export function findDocuments(): readonly string[] {
  const documentsIn = (folder: string) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => normalize(join(folder, name)));
  return ['.', 'docs', 'bench', 'bench/results'].flatMap(documentsIn);
}

/** The text without its code, in which nothing is a link. */
function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** Where a text links to. */
function targetsIn(text: string) {
  const links = withoutCode(text).matchAll(
    /(!?)\[[^\]]*\]\(([^)\s]+)[^)]*\)|<(?:a|img)[^>]*?(?:href|src)="([^"]+)"|^\[[^\]]+\]: (\S+)/gm,
  );
  return [...links].map(([all, mark, inline, html, reference]) => ({
    isImage: mark === '!' || all.startsWith('<img'),
    target: inline ?? html ?? reference ?? '',
  }));
}

/** Names under which GitHub links to the headings of a text. */
export function anchorsIn(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

interface World {
  readonly tracked: ReadonlySet<string>;
  readonly read: (path: string) => string;
}

const world = (): World => ({
  tracked: findTrackedPaths(),
  read: (path) => readFileSync(join(root, path), 'utf8'),
});

/** What is wrong with the links of a document, in words; nothing where all lead somewhere. */
export function findDeadLinks(page: string, text: string, { tracked, read } = world()): string[] {
  const faultOfFile = (path: string, anchor: string | undefined, isImage: boolean) => {
    if (!tracked.has(path)) return `${path} is not tracked by git`;
    if (isImage || anchor === undefined) return undefined;
    const content = path === page ? text : read(path);
    return anchorsIn(content).has(anchor) ? undefined : `${path} has no heading for #${anchor}`;
  };

  const faultOfAddress = (target: string, isImage: boolean) => {
    const [address = '', anchor] = target.split('#');
    const [base, folder] = address.startsWith(raw)
      ? [raw, '/main/']
      : [repository, address.startsWith(`${repository}/tree/`) ? '/tree/main/' : '/blob/main/'];
    // Another repository may have a name that begins as this one's.
    if (address !== base && !address.startsWith(`${base}/`)) return undefined;
    const rest = address.slice(base.length);
    if (base === repository && pages.has(rest)) return undefined;
    if (!rest.startsWith(folder)) return `${address} is no page of the repository`;
    return faultOfFile(rest.slice(folder.length), anchor, isImage);
  };

  return targetsIn(text).flatMap(({ target, isImage }) => {
    const isAbsolute = /^[a-z]+:/.test(target);
    // npm's page shows the README, and images from the repository only by their whole address.
    if (isImage && !isAbsolute && page === 'README.md') {
      return [`${page}: the image ${target} has no absolute address`];
    }
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    const fault = isAbsolute ? faultOfAddress(target, isImage) : faultOfFile(file, anchor, isImage);
    return fault === undefined ? [] : [`${page}: ${fault}`];
  });
}

/** Relative links of a text as npm's page has them, which knows the repository only. */
export function linksOnNpm(text: string, repositoryUrl: string): readonly string[] {
  const base = `${repositoryUrl.replace(/^git\+/, '').replace(/\.git$/, '')}/blob/main/`;
  return targetsIn(text)
    .filter(({ target }) => !/^(?:[a-z]+:|#)/.test(target))
    .map(({ target }) => new URL(target, base).href);
}
