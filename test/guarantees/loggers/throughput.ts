import { type CommonSetting, measure } from '../../../bench/harness/benchmark.js';
import type { Result } from '../../../bench/harness/report.js';
import { pinoContenders, winstonContenders } from '../../../bench/loggers.js';

export const lineLength = 200;
export const repeats = 5;

interface Setting extends CommonSetting {
  readonly library: keyof typeof contenders;
}

const contenders = { pino: pinoContenders, winston: winstonContenders };

/** Lets everybody log in turn; results of `npm run bench -- lines`, as far as they belong here. */
export async function measureThroughput(): Promise<readonly Result[]> {
  const { results } = await measure<Setting>({
    ...{ name: 'loggers', question: 'How many lines per second?', compare: ['lines/s'], repeats },
    // Loggers heed no backpressure: less than what our streams keep without dropping any.
    settings: (['pino', 'winston'] as const).map((library) => ({
      ...{ name: library, library, delay: 0, protocol: 'http', byteLength: 12e6 },
      ...{ source: 'ascii', format: 'json', pieceLength: lineLength },
    })),
    contenders: ({ library }) => contenders[library],
  });
  return results;
}

/** Markdown. */
export function throughputTable(results: readonly Result[]): string {
  const rows = results.map(({ setting, contender, figures, ratios }) => {
    const ratio = ratios['lines/s'];
    const spread = `${ratio?.least.toFixed(2)} to ${ratio?.most.toFixed(2)}`;
    const rate = figures['lines/s']?.median.toFixed(0);
    return [setting.name, contender, rate, ratio?.median.toFixed(2), spread];
  });
  const head = ['library', 'to', 'lines/s', 'ratio', 'least to most'];
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
