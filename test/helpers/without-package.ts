/**
 * A module for `node --import` that makes a package unresolvable, as if it were not installed.
 */
export function withoutPackage(name: string): string {
  // Resolves the package from a folder that does not exist.
  const hooks = `export const resolve = (specifier, context, next) =>
    next(specifier, specifier === '${name}' ? { ...context, parentURL: 'file:///nowhere/' } : context);`;
  return toUrl(`import { register } from 'node:module'; register('${toUrl(hooks)}');`);
}

function toUrl(source: string): string {
  // encodeURIComponent() does not encode quotes.
  return `data:text/javascript,${encodeURIComponent(source).replaceAll("'", '%27')}`;
}
