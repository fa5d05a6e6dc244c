/** Names as OSS writes them: the C# and PHP SDKs are case-sensitive. */
const irregular: Readonly<Record<string, string>> = {
  etag: 'ETag',
  'content-md5': 'Content-MD5',
};

/** Returns headers with their names as OSS writes them. */
export function withOssNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [ossName(name), value]));
}

function ossName(name: string): string {
  if (name.startsWith('x-oss-')) return name;
  return irregular[name] ?? name.replace(/(?<![^-])[a-z]/g, (letter) => letter.toUpperCase());
}
