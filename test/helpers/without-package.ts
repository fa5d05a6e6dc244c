/**
 * A module for `node --import`: with it the process does not find a package, as if it were not
 * installed.
 */
export function withoutPackage(name: string): string {
  // Node looks for it from a folder where there is nothing.
  const hooks = `export const resolve = (specifier, context, next) =>
    next(specifier, specifier === '${name}' ? { ...context, parentURL: 'file:///nowhere/' } : context);`;
  return toUrl(`import { register } from 'node:module'; register('${toUrl(hooks)}');`);
}

function toUrl(source: string): string {
  // encodeURIComponent() leaves quotes.
  return `data:text/javascript,${encodeURIComponent(source).replaceAll("'", '%27')}`;
}
