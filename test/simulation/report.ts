import type { Counts, Subject } from './counts.js';

/** What each part is about, in order. */
const titles: Readonly<Record<Subject, string>> = {
  outcome: 'How the streams ended',
  'handed back': 'What those that did not finish handed back',
  append: 'What befell appends',
  head: 'What befell HEADs',
  get: 'What befell GETs',
  network: 'What else befell requests',
  reconcile: 'What the object said when it was asked',
  stranger: 'What strangers did',
  move: 'What users did',
  memory: 'What streams held whose users wrote as much as they might',
};

/** Says how often each thing happened, the most frequent first. */
export function report(counts: Counts): string {
  const parts = Object.entries(titles).map(([subject, title]) => {
    const sum = counts.sum(subject as Subject);
    const rows = [...counts.of(subject as Subject)].sort(([, left], [, right]) => right - left);
    const lines = rows.map(([name, times]) => {
      const share = ((100 * times) / sum).toFixed(1);
      return `  ${String(times).padStart(10)}  ${share.padStart(5)} %  ${name}\n`;
    });
    return `${title}: ${sum}\n${lines.join('')}`;
  });
  return parts.join('\n');
}
