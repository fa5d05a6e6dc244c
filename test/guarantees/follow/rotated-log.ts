import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A log of numbered lines that is rotated by renaming it, and remembers all of them. */
export class RotatedLog {
  readonly path: string;
  #content = '';
  #lines = 0;
  #rotations = 0;

  constructor(folder: string) {
    this.path = join(folder, 'app.log');
  }

  /** Everything that was written. */
  get content(): string {
    return this.#content;
  }

  write(lines: number): void {
    let text = '';
    for (let count = 0; count < lines; count++) text += `line ${++this.#lines} of the log\n`;
    this.#content += text;
    appendFileSync(this.path, text);
  }

  rotate(): void {
    renameSync(this.path, `${this.path}.${String(++this.#rotations).padStart(4, '0')}`);
    writeFileSync(this.path, '');
  }
}
