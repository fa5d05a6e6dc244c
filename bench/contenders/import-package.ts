// A fresh process that imports a package and reports the cost.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Assignment, Job } from '../harness/assignment.js';

interface Setting {
  /** Name of a package, or of an entry of this library's build. */
  readonly entry: string;
}

interface Cost {
  readonly duration: number;
  readonly cpu: number;
  readonly memory: number;
  readonly peakRss: number;
}

export async function prepare({ setting, library }: Assignment<Setting>): Promise<Job> {
  const { entry } = setting;
  const url = entry.endsWith('.js') ? `${library}${entry}` : import.meta.resolve(entry);
  return {
    async run() {
      const { duration, cpu, memory, peakRss } = await costOfImport(url);
      return {
        figures: { 'import ms': duration, 'import CPU ms': cpu, 'import RSS MB': memory / 1e6 },
        peakRss,
      };
    },
  };
}

async function costOfImport(url: string): Promise<Cost> {
  const program = `
    const rss = process.memoryUsage.rss();
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await import(${JSON.stringify(url)});
    const duration = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1000;
    const memory = process.memoryUsage.rss() - rss;
    const peakRss = process.resourceUsage().maxRSS * 1024;
    console.log(JSON.stringify({ duration, cpu, memory, peakRss }));
  `;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
