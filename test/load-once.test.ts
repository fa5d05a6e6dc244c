import { expect, test, vi } from 'vitest';
import { loadOnce } from '../src/load-once.js';

test('a module is loaded once, however often it is asked for', async () => {
  const load = vi.fn(async () => 'module');
  const module = loadOnce(load);
  expect(module.loaded).toBeUndefined();

  await Promise.all([module.load(), module.load()]);
  await module.load();

  expect(module.loaded).toBe('module');
  expect(load).toHaveBeenCalledOnce();
});

test('a module that could not be loaded is loaded again when it is asked for again', async () => {
  const load = vi.fn(async () => 'module').mockRejectedValueOnce(new Error('EMFILE'));
  const module = loadOnce(load);

  await module.load();
  expect(module.loaded).toBeUndefined();
  await module.load();

  expect(module.loaded).toBe('module');
});
