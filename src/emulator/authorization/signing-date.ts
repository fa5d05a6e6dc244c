/** Parses `YYYYMMDDTHHMMSSZ`; an invalid date for any other text. */
export function parseBasicDate(text: string): Date {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Parses `Tue, 20 Dec 2022 08:48:18 GMT`; an invalid date for any other text. */
export function parseHttpDate(text: string): Date {
  return new Date(/^\w{3}, \d\d? \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? text : Number.NaN);
}

export function isValidDate(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}
