// fastify's own log, with a line for each request and each answer, in an object. It is bounded: when
// OSS is out of reach for long, the oldest lines are dropped, counted and marked.
import { fastify } from 'fastify';
import openLog from 'oss-append-stream/pino';

const stream = await openLog({ bucket: 'logs', key: 'access.log' });
stream.on('error', (error) => console.error(error.message));
const app = fastify({ logger: { stream } });
app.get('/', async () => 'hello\n');

process.on('SIGTERM', async () => {
  await app.close();
  stream.end();
});
console.log(await app.listen({ port: Number(process.env.PORT ?? 3000) }));
