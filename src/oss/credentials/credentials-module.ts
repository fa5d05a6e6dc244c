import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve } from 'import-meta-resolve';
import { typeError } from '../../assertions.js';
import { CredentialsError } from '../../errors.js';
import type { Credentials, CredentialsProvider } from './credentials.js';

/** A module that exports a provider of credentials. */
export interface CredentialsModule {
  /**
   * Module whose default export is a provider: a `file:` URL, an absolute path, or the name of a
   * package, resolved from the working folder.
   */
  readonly module: string;
}

/** The values that the option `credentials` of a client accepts. */
type Given = Credentials | CredentialsProvider | undefined;

/**
 * Turns a module into a provider that loads it when first called; leaves other credentials alone.
 *
 * @throws {TypeError} If the module's name is invalid.
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

/** Returns the URL or package name to import. */
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
    // Bundlers must leave this import alone: the module exists only at run time.
    exported = await import(/* webpackIgnore: true */ /* @vite-ignore */ url);
  } catch (error) {
    const { message } = error as Error;
    const what = `Cannot load credentials from ${location}: ${message}`;
    throw new CredentialsError(what, { outcome: 'fatal' }, { cause: error });
  }
  // A CommonJS module compiled from ESM has a default export inside the default export.
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
    // With require(), as pino does: package managers with their own resolution hook into it. Not
    // with an imported `createRequire`: webpack would resolve the package while bundling, and warn.
    const { createRequire } = process.getBuiltinModule('node:module');
    return pathToFileURL(createRequire(parent).resolve(name)).href;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    // require() cannot resolve a package whose exports have only an `import` condition.
    return resolve(name, pathToFileURL(parent).href);
  }
}
