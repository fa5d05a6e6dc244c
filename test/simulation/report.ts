import type { Counts, Subject } from './counts.js';

/** Titles of the parts, in order. */
const titles: Readonly<Record<Subject, string>> = {
  outcome: 'How the streams ended',
  'handed back': 'What unfinished streams handed back',
  append: 'What happened to appends',
  head: 'What happened to HEADs',
  get: 'What happened to GETs',
  seal: 'What happened to seals',
  sealed: 'What streams said of their seals',
  network: 'What else happened to requests',
  reconcile: 'Outcomes of reconciling',
  stranger: 'What strangers did',
  life: 'What was special in lives',
  clock: 'What happened to clocks',
  rolled: 'Why streams went on to the next object',
  read: 'What happened to readers, and to their requests',
  conflict: 'Positions that were refused, by what streams do then',
  waits: 'Appends of others for which chunks waited in shared objects',
  objects: 'Objects, by the number of writers whose bytes they had',
  move: 'What users did',
  memory: 'What streams held in memory while their users wrote as fast as possible',
};

/** Prints how often each event happened, the most frequent first. */
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
