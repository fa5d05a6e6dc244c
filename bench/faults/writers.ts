import { appendWithAliOss, appendWithAliOssAtLength } from './ali-oss-loop.js';
import { appendWithAppendWritable } from './append-writable.js';
import { appendByLength, appendByLengthAndGoOn } from './length-only-loop.js';

/** The compared writers, by their names in the table. */
export const writers = {
  'ali-oss append loop, `retryMax`': appendWithAliOss,
  'ali-oss append loop, goes on at the length after a 409': appendWithAliOssAtLength,
  'length-only rule (official Go and Python append files)': appendByLength,
  'length-only rule, drops what failed and goes on': appendByLengthAndGoOn,
  AppendWritable: appendWithAppendWritable,
};

export type WriterName = keyof typeof writers;
