import type { Report } from './report.js';
import type { Summary } from './statistics.js';
import { isRate } from './units.js';

/** Suffix of the names of contenders that use the other build. */
export const baseSuffix = ' (base)';

/** One figure of one contender in the working tree, divided by that of the base. */
export interface Difference {
  readonly benchmark: string;
  readonly setting: string;
  readonly contender: string;
  readonly figure: string;
  readonly ratio: Summary;
}

export function differences({ name, results }: Report): Difference[] {
  return results
    .filter(({ contender }) => !contender.endsWith(baseSuffix))
    .flatMap(({ setting, contender, ratios }) =>
      Object.entries(ratios).map(([figure, ratio]) => ({
        benchmark: name,
        setting: String(setting.name),
        contender,
        figure,
        ratio,
      })),
    );
}

/** Returns only clear tendencies: every repeat agrees, and the median differs by more than 5 %. */
export function tendency({ figure, ratio }: Difference): 'worse' | 'better' | '' {
  // One repeat proves nothing.
  if (ratio.samples.length < 2) return '';
  if (ratio.most < 1 && ratio.median < 0.95) return isRate(figure) ? 'worse' : 'better';
  if (ratio.least > 1 && ratio.median > 1.05) return isRate(figure) ? 'better' : 'worse';
  return '';
}
