import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve } from 'import-meta-resolve';
import { typeError } from '../../assertions.js';
import { CredentialsError } from '../../errors.js';
import type { Credentials, CredentialsProvider } from './credentials.js';

/** Where to find a provider of credentials. */
export interface CredentialsModule {
  /**
   * Module whose default export is a provider: a `file:` URL, an absolute path, or the name of a
   * package as the working folder knows it.
   */
  readonly module: string;
}

/** What a client takes. */
type Given = Credentials | CredentialsProvider | undefined;

/**
 * Makes a provider of a module that holds one, which is loaded when it is first asked; leaves other
 * credentials as they are.
 *
 * @throws {TypeError} If the name of the module is none.
 */
export function loadedCredentials(credentials: Given | CredentialsModule, act: string): Given {
  if (!isModule(credentials)) return credentials;
  const location = locate(credentials.module, act);
  let loading: Promise<CredentialsProvider> | undefined;
  return async () => {
    loading ??= load(location);
    return (await loading)();
  };
}

function isModule(credentials: Given | CredentialsModule): credentials is CredentialsModule {
  return typeof credentials === 'object' && credentials !== null && 'module' in credentials;
}

/** What to import. */
function locate(name: unknown, act: string): string {
  if (typeof name === 'string') {
    if (name.startsWith('file:')) return name;
    if (isAbsolute(name)) return pathToFileURL(name).href;
    if (/^[^.\s][^\s]*$/.test(name)) return name;
  }
  const rule = 'a file: URL, an absolute path or the name of a package';
  throw typeError(act, 'credentials.module', rule, name);
}

async function load(location: string): Promise<CredentialsProvider> {
  let exported: unknown;
  try {
    const url = location.startsWith('file:') ? location : resolvePackage(location);
    // It is there when the program runs, not when a bundler makes it.
    exported = await import(/* webpackIgnore: true */ /* @vite-ignore */ url);
  } catch (error) {
    const { message } = error as Error;
    const what = `Cannot load credentials from ${location}: ${message}`;
    throw new CredentialsError(what, { outcome: 'fatal' }, { cause: error });
  }
  // A CommonJS module that was compiled from ESM has one default within another.
  for (let depth = 0; depth < 2 && typeof exported === 'object' && exported !== null; depth++) {
    exported = Reflect.get(exported, 'default');
  }
  if (typeof exported === 'function') return exported as CredentialsProvider;
  const fault = `its default export must be a function: its type is ${typeof exported}`;
  const what = `Cannot load credentials from ${location}: ${fault}`;
  throw new CredentialsError(what, { outcome: 'fatal' });
}

function resolvePackage(name: string): string {
  const parent = join(process.cwd(), 'package.json');
  try {
    // As pino does, so that package managers with a way of their own are heeded. Not by an import:
    // webpack would look for the package among those that it bundles, and warn.
    const { createRequire } = process.getBuiltinModule('node:module');
    return pathToFileURL(createRequire(parent).resolve(name)).href;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    // To a require() a package that has only an \`import\` condition exports nothing.
    return resolve(name, pathToFileURL(parent).href);
  }
}
