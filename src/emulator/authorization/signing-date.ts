/** Reads `YYYYMMDDTHHMMSSZ`; an invalid date if the text is something else. */
export function parseBasicDate(text: string): Date {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Reads `Tue, 20 Dec 2022 08:48:18 GMT`; an invalid date if the text is something else. */
export function parseHttpDate(text: string): Date {
  return new Date(/^\w{3}, \d\d? \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? text : Number.NaN);
}

export function isValidDate(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}
