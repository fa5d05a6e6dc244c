/** A module that is loaded when it is first needed. */
export interface LazyModule<Module> {
  /** The module; `undefined` until it has been loaded. */
  readonly loaded: Module | undefined;

  /**
   * Resolves when loading has ended. Never rejects: without the module `loaded` stays `undefined`,
   * and the next call tries again.
   */
  load(): Promise<void>;
}

/** @param load Imports the module. */
export function loadOnce<Module>(load: () => Promise<Module>): LazyModule<Module> {
  let loaded: Module | undefined;
  let loading: Promise<void> | undefined;
  return {
    get loaded() {
      return loaded;
    },
    load() {
      loading ??= load().then(
        (module) => {
          loaded = module;
        },
        () => {
          loading = undefined;
        },
      );
      return loading;
    },
  };
}
